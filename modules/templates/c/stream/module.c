/*
 * @ID@: the mean of the last readings of each series, and an alarm while that mean is above a limit.
 *
 * The gateway calls gw_init once, then gw_on_batch with readings as they arrive. There is no heap: what is kept of a series stands in a
 * table that the compiler lays out.
 */
#include "tidegate.h"

/* Fields of the configuration and outputs, in the order of the manifest's `config` and `outputs`. */
enum field { WINDOW, HIGH, FIELDS };
enum output { MEAN_OUTPUT, HIGH_OUTPUT };
/* The state of an output row: 0 for a point, for an alarm one of these. */
enum { RAISED = 1, CLEARED = 2 };

/* As the manifest says. */
#define WINDOW_MAX 32u

/* What is kept of one series. */
struct series {
	uint32_t id;
	uint32_t count; /* readings kept so far, at most the window; 0: this entry is free */
	uint32_t next;  /* where the next one goes */
	uint32_t is_high;
	double readings[WINDOW_MAX];
};

/* Series by id: open addressing with linear probing. Half of the entries stay free, so that a probe is short. */
#define ENTRIES 2048u
#define SERIES_MAX (ENTRIES / 2)
static struct series table[ENTRIES];
static uint32_t series_count;

/* Window and limit of each input. */
static struct rule { uint32_t window; double high; } rules[TG_INPUTS_MAX];

static void clear(void)
{
	for (uint32_t i = 0; i < ENTRIES; i++) table[i].count = 0;
	series_count = 0;
}

/* The entry of the series, or the free one where it belongs. Multiplying by 2^32 / golden ratio spreads ids that count up. */
static struct series *entry_of(uint32_t id)
{
	uint32_t at = (id * 0x9e3779b1u) >> 21;
	while (table[at].count != 0 && table[at].id != id) at = (at + 1) % ENTRIES;
	return &table[at];
}

/* The series, new when it was not seen before; NULL when there is no room for another. */
static struct series *series_of(uint32_t id)
{
	struct series *series = entry_of(id);
	if (series->count != 0) return series;
	if (series_count == SERIES_MAX) return NULL;
	series_count++;
	*series = (struct series){.id = id};
	return series;
}

/* The configuration: a row of numbers for each input. A result below 0 refuses it. */
TG_EXPORT(gw_init) int32_t gw_init(int32_t len)
{
	int32_t inputs = tg_open_config(len, FIELDS);
	if (inputs < 0) return inputs;
	for (uint32_t input = 0; input < (uint32_t)inputs; input++) {
		double window = tg_config(input, WINDOW, 8);
		if (!(window >= 1 && window <= WINDOW_MAX)) return TG_EINVAL;
		/* NaN where it is not set: no comparison meets it, and so there is no alarm. */
		rules[input] = (struct rule){(uint32_t)window, tg_config(input, HIGH, __builtin_nan(""))};
	}
	clear();
	tg_clear_call();
	return 0;
}

static void handle_reading(struct series *series, const tg_batch *batch, uint32_t row)
{
	const struct rule *rule = &rules[batch->channel[row]];
	series->readings[series->next] = batch->value[row];
	series->next = series->next + 1 < rule->window ? series->next + 1 : 0;
	if (series->count < rule->window) series->count++;
	double sum = 0;
	for (uint32_t i = 0; i < series->count; i++) sum += series->readings[i];
	double mean = sum / series->count;
	tg_add_row(batch->ts[row], mean, series->id, batch->quality[row], MEAN_OUTPUT, 0);
	uint32_t is_high = mean > rule->high;
	if (is_high == series->is_high) return;
	series->is_high = is_high;
	tg_add_row(batch->ts[row], mean, series->id, batch->quality[row], HIGH_OUTPUT, is_high ? RAISED : CLEARED);
}

/* One row: 0, TG_FULL before anything was said of it, or an error to report. */
static int32_t handle_row(const tg_batch *batch, uint32_t row)
{
	if (!tg_has_room(2)) return TG_FULL;
	if (!tg_is_reading(batch, row)) return 0;
	struct series *series = series_of(batch->id[row]);
	if (series == NULL) return TG_ENOMEM;
	handle_reading(series, batch, row);
	return 0;
}

/* A batch. The SDK checks it, hands rows to handle_row, and makes pages of what is said. */
TG_EXPORT(gw_on_batch) int32_t gw_on_batch(int32_t len) { return tg_run_batch(len, handle_row); }

/*
 * State: so that a restart or an upgrade forgets nothing. The gateway takes pages from gw_snapshot and hands them to gw_restore of a
 * fresh instance. Nothing in a page is believed before it is checked.
 */
#define STATE_TAG 0x6e61656du /* "mean": tells this module's pages from another's */
/* Raise it when the form below changes, and say in the manifest's `state.accepts` what can still be read. */
#define STATE_VERSION 1u
#define HEAD_OCTETS 16u

static uint32_t snapshot_at; /* entry of the table that the next page begins with */
static uint32_t pages;       /* pages restored so far */

/* What the state depends on: another window would make nonsense of the readings kept. */
static uint64_t fingerprint(void)
{
	uint64_t hash = TG_FINGERPRINT_START;
	for (uint32_t input = 0; input < tg_inputs; input++) hash = tg_add_number(hash, rules[input].window);
	return hash;
}

TG_EXPORT(gw_snapshot) int32_t gw_snapshot(int32_t page)
{
	if (tg_next_row < tg_current.count) return TG_EAGAIN; /* rows of a batch wait to be fetched */
	if (page == 0) snapshot_at = 0;
	if (snapshot_at == ENTRIES) return 0;
	tg_begin_page();
	for (; snapshot_at < ENTRIES; snapshot_at++) {
		const struct series *series = &table[snapshot_at];
		if (series->count == 0) continue;
		if (!tg_has_page_room(HEAD_OCTETS + 8 * series->count)) break;
		tg_put_words(series->id, series->count);
		tg_put_words(series->next, series->is_high);
		for (uint32_t i = 0; i < series->count; i++) tg_put_number(series->readings[i]);
	}
	return tg_seal_page((uint32_t)page, STATE_TAG, STATE_VERSION, fingerprint());
}

static bool restore_series(void)
{
	if (tg_page_left() < HEAD_OCTETS) return false;
	uint32_t id = tg_take_u32(), count = tg_take_u32(), next = tg_take_u32(), is_high = tg_take_u32();
	if (count < 1 || count > WINDOW_MAX || next > count || next >= WINDOW_MAX || is_high > 1) return false;
	if (tg_page_left() < 8 * count || entry_of(id)->count != 0) return false;
	struct series *series = series_of(id);
	if (series == NULL) return false;
	series->count = count;
	series->next = next;
	series->is_high = is_high;
	for (uint32_t i = 0; i < count; i++) series->readings[i] = tg_take_number();
	return true;
}

TG_EXPORT(gw_restore) int32_t gw_restore(int32_t len)
{
	if (len == 0) {
		bool is_whole = pages > 0;
		pages = 0;
		return is_whole ? 0 : TG_EINVAL;
	}
	if (pages == 0) clear();
	bool is_good = tg_open_page(len, pages++, STATE_TAG, STATE_VERSION, fingerprint());
	while (is_good && tg_page_left() > 0) is_good = restore_series();
	if (is_good) return 0;
	pages = 0;
	clear();
	return TG_EINVAL;
}
