/*
 * tidegate.h: modules of the ABI gw1 for the Tidegate gateway in C. One header, no libc.
 *
 *   clang --target=wasm32 -O2 -ffreestanding -mbulk-memory -nostdlib -I<here> -Wl,--no-entry,-s,--initial-memory=<n>,--max-memory=<n>
 *
 * A module is one file that includes this one. It defines gw_init and gw_on_batch (or gw_on_event) with TG_EXPORT; everything else
 * of the ABI stands here. One thread calls, one call at a time, so buffers and cursors are plain static variables.
 * Nothing here traps on what the host hands over: functions return 0 or more, or a negated errno.
 */
#ifndef TIDEGATE_H
#define TIDEGATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Makes a function part of the ABI: `TG_EXPORT(gw_init) int32_t gw_init(int32_t len) { … }` */
#define TG_EXPORT(name) __attribute__((export_name(#name)))
/** Helpers that a module may leave unused; they are then not in its binary. */
#define TG_HELPER static inline __attribute__((unused))

/* ---- Errors: what a call returns in place of octets ---------------------------------------------------------------------- */

enum {
	TG_EAGAIN = -11,  /* not now: over a rate, or in the middle of a batch */
	TG_ENOMEM = -12,  /* no room for another series; rows of known series were handled */
	TG_EINVAL = -22,  /* the batch, configuration, event or page is malformed; nothing was taken from it */
	TG_ENOTSUP = -95, /* unknown version */
};

/* ---- Buffers ------------------------------------------------------------------------------------------------------------- */

/** Rows of the largest batch taken, and of an output page. */
#define TG_ROWS 8192u
/** Inputs ([[module.input]]) one instance takes. */
#define TG_INPUTS_MAX 128u
#define TG_BATCH_HEADER 24u
#define TG_ROW_OCTETS 24u
#define TG_INPUT_OCTETS (TG_BATCH_HEADER + TG_ROW_OCTETS * TG_ROWS)
#define TG_OUTPUT_OCTETS TG_INPUT_OCTETS

/** The host writes a batch, the configuration, an event or a page of state here. */
static uint8_t tg_in[TG_INPUT_OCTETS] __attribute__((aligned(8)));
static uint8_t tg_out[TG_OUTPUT_OCTETS] __attribute__((aligned(8)));

TG_EXPORT(gw_abi_1_0) void gw_abi_1_0(void) {}
TG_EXPORT(gw_in_ptr) int32_t gw_in_ptr(void) { return (int32_t)(uintptr_t)tg_in; }
TG_EXPORT(gw_in_cap) int32_t gw_in_cap(void) { return TG_INPUT_OCTETS; }
TG_EXPORT(gw_out_ptr) int32_t gw_out_ptr(void) { return (int32_t)(uintptr_t)tg_out; }
TG_EXPORT(gw_out_cap) int32_t gw_out_cap(void) { return TG_OUTPUT_OCTETS; }

TG_HELPER uint16_t tg_load_u16(const uint8_t *at) { uint16_t v; __builtin_memcpy(&v, at, 2); return v; }
TG_HELPER uint32_t tg_load_u32(const uint8_t *at) { uint32_t v; __builtin_memcpy(&v, at, 4); return v; }
TG_HELPER uint64_t tg_load_u64(const uint8_t *at) { uint64_t v; __builtin_memcpy(&v, at, 8); return v; }
TG_HELPER double tg_load_f64(const uint8_t *at) { double v; __builtin_memcpy(&v, at, 8); return v; }
TG_HELPER void tg_store_u16(uint8_t *at, uint16_t v) { __builtin_memcpy(at, &v, 2); }
TG_HELPER void tg_store_u32(uint8_t *at, uint32_t v) { __builtin_memcpy(at, &v, 4); }
TG_HELPER void tg_store_u64(uint8_t *at, uint64_t v) { __builtin_memcpy(at, &v, 8); }
TG_HELPER void tg_store_f64(uint8_t *at, double v) { __builtin_memcpy(at, &v, 8); }

/* ---- Last words ----------------------------------------------------------------------------------------------------------- */

/** What the host reads where it stands once the instance has trapped: octets of text, and the text. */
static struct { uint32_t octets; char text[508]; } tg_last_words __attribute__((aligned(8)));

TG_EXPORT(gw_panic_ptr) int32_t gw_panic_ptr(void) { return (int32_t)(uintptr_t)&tg_last_words; }
TG_EXPORT(gw_panic_cap) int32_t gw_panic_cap(void) { return sizeof tg_last_words; }

/** Ends the instance like a trap, and says why: UTF-8, at most 508 octets, cut beyond. For what must not be; else return an errno. */
TG_HELPER _Noreturn void tg_panic(const char *reason)
{
	uint32_t n = 0;
	for (; reason[n] && n < sizeof tg_last_words.text; n++) tg_last_words.text[n] = reason[n];
	tg_last_words.octets = n;
	__builtin_trap();
}

/* ---- Configuration ------------------------------------------------------------------------------------------------------- */

/** Rows and numbers a row of the configuration last opened; 0 inputs before that. */
static uint32_t tg_inputs;
static uint32_t tg_fields;

/** For gw_init: checks the configuration; returns the number of inputs, 1..TG_INPUTS_MAX, or TG_EINVAL or TG_ENOTSUP. */
TG_HELPER int32_t tg_open_config(int32_t len, uint32_t fields)
{
	if (len < 16 || (uint32_t)len > TG_INPUT_OCTETS) return TG_EINVAL;
	if (tg_load_u32(tg_in) != 1) return TG_ENOTSUP;
	uint32_t inputs = tg_load_u32(tg_in + 4);
	if (inputs < 1 || inputs > TG_INPUTS_MAX || tg_load_u32(tg_in + 8) != fields) return TG_EINVAL;
	if (tg_load_u32(tg_in + 12) != 0 || (uint64_t)len != 16 + 8 * (uint64_t)inputs * fields) return TG_EINVAL;
	tg_inputs = inputs;
	tg_fields = fields;
	return (int32_t)inputs;
}

/** The number at `field` of `input`; `otherwise` where it is not set. Valid in gw_init, after tg_open_config. */
TG_HELPER double tg_config(uint32_t input, uint32_t field, double otherwise)
{
	double value = tg_load_f64(tg_in + 16 + 8 * (input * tg_fields + field));
	return value != value ? otherwise : value;
}

/* ---- Batches in ---------------------------------------------------------------------------------------------------------- */

/** A batch in the input buffer, as columns of `count` rows; valid until the call after its last row. */
typedef struct tg_batch {
	uint32_t count;
	const double *ts;       /* Unix epoch milliseconds of the reading */
	const double *value;
	const uint32_t *id;     /* series: opaque, stable for the module's life */
	const uint8_t *quality; /* bits 0 and 1: 0 good, 1 uncertain, 2 bad */
	const uint8_t *channel; /* index of the input, below the number of inputs */
} tg_batch;

/** Checks the batch of `len` octets. 0, or TG_EINVAL or TG_ENOTSUP, and then nothing of it may be read. */
TG_HELPER int32_t tg_open_batch(int32_t len, tg_batch *batch)
{
	if (len < (int32_t)TG_BATCH_HEADER || (uint32_t)len > TG_INPUT_OCTETS) return TG_EINVAL;
	if (tg_load_u32(tg_in) != 1) return TG_ENOTSUP;
	uint32_t n = tg_load_u32(tg_in + 8);
	if (tg_load_u32(tg_in + 12) != 0 || n > TG_ROWS || (uint32_t)len != TG_BATCH_HEADER + TG_ROW_OCTETS * n) return TG_EINVAL;
	const uint8_t *columns = tg_in + TG_BATCH_HEADER;
	*batch = (tg_batch){
		.count = n,
		.ts = (const double *)columns,
		.value = (const double *)(columns + 8 * n),
		.id = (const uint32_t *)(columns + 16 * n),
		.quality = columns + 20 * n,
		.channel = columns + 21 * n,
	};
	uint32_t over = 0;
	for (uint32_t row = 0; row < n; row++) over |= batch->channel[row] >= tg_inputs;
	return over ? TG_EINVAL : 0;
}

/** Whether a row holds a reading to reckon with: not graded bad, a moment a date can name, a finite number. */
TG_HELPER bool tg_is_reading(const tg_batch *batch, uint32_t row)
{
	return (batch->quality[row] & 2) == 0 && __builtin_fabs(batch->ts[row]) <= 8.64e15 &&
	       __builtin_fabs(batch->value[row]) <= __DBL_MAX__;
}

/* ---- Batches out --------------------------------------------------------------------------------------------------------- */

static uint32_t tg_rows;
static uint64_t tg_sequence;

TG_HELPER void tg_begin_output(void) { tg_rows = 0; }

/** Whether `wanted` more rows fit. Ask before the first row of what belongs together. */
TG_HELPER bool tg_has_room(uint32_t wanted) { return tg_rows + wanted <= TG_ROWS; }

/**
 * Adds a row; the caller has asked tg_has_room. `channel` is the index in the manifest's outputs; `state` is 0 for a point, 1 for an
 * alarm raised, 2 cleared. Columns stand as far apart as a full page needs, until tg_seal_output moves them together.
 */
TG_HELPER void tg_add_row(double ts, double value, uint32_t id, uint8_t quality, uint8_t channel, uint8_t state)
{
	uint8_t *columns = tg_out + TG_BATCH_HEADER;
	uint32_t row = tg_rows++;
	tg_store_f64(columns + 8 * row, ts);
	tg_store_f64(columns + 8 * TG_ROWS + 8 * row, value);
	tg_store_u32(columns + 16 * TG_ROWS + 4 * row, id);
	columns[20 * TG_ROWS + row] = quality & 3;
	columns[21 * TG_ROWS + row] = channel;
	columns[22 * TG_ROWS + row] = state;
}

/** Makes a batch of the rows added since tg_begin_output; returns its octets. `more`: the host is to call gw_on_batch(0). */
TG_HELPER int32_t tg_seal_output(bool more)
{
	static const struct { uint8_t before, octets; } column[] = {{8, 8}, {16, 4}, {20, 1}, {21, 1}, {22, 1}};
	uint8_t *columns = tg_out + TG_BATCH_HEADER;
	uint32_t n = tg_rows;
	for (size_t i = 0; i < sizeof column / sizeof *column; i++)
		__builtin_memmove(columns + column[i].before * n, columns + column[i].before * TG_ROWS, column[i].octets * n);
	__builtin_memset(columns + 23 * n, 0, n);
	tg_store_u32(tg_out, 1);
	tg_store_u32(tg_out + 4, more ? 1 : 0);
	tg_store_u32(tg_out + 8, n);
	tg_store_u32(tg_out + 12, 0);
	tg_store_u64(tg_out + 16, tg_sequence++);
	return (int32_t)(TG_BATCH_HEADER + TG_ROW_OCTETS * n);
}

/* ---- A call, row by row -------------------------------------------------------------------------------------------------- */

/** A row handler returns 0, TG_FULL before it has said anything of the row (tg_has_room was false), or an errno to report. */
#define TG_FULL 1
typedef int32_t (*tg_row_handler)(const tg_batch *batch, uint32_t row);

static tg_batch tg_current;
static uint32_t tg_next_row;
static int32_t tg_fault;

/** Forgets the batch under work. Part of gw_init. */
TG_HELPER void tg_clear_call(void) { tg_current.count = tg_next_row = 0, tg_fault = 0; }

/**
 * The body of gw_on_batch: hands the rows to `handle` and makes pages of what it says. When a page is full the rest of the batch waits
 * in the input buffer for gw_on_batch(0). An error beside rows is said last, on a page of its own.
 */
TG_HELPER int32_t tg_run_batch(int32_t len, tg_row_handler handle)
{
	if (len != 0) {
		tg_clear_call();
		int32_t fault = tg_open_batch(len, &tg_current);
		if (fault < 0) {
			tg_clear_call();
			return fault;
		}
	}
	tg_begin_output();
	for (; tg_next_row < tg_current.count; tg_next_row++) {
		int32_t result = handle(&tg_current, tg_next_row);
		if (result == TG_FULL) break;
		if (result < 0) tg_fault = result;
	}
	if (tg_rows == 0) {
		int32_t fault = tg_fault;
		tg_fault = 0;
		return fault;
	}
	return tg_seal_output(tg_next_row < tg_current.count || tg_fault != 0);
}

/* ---- State pages --------------------------------------------------------------------------------------------------------- */

/*
 * A page of kept state: u32 magic "tgst", tag, version, page, octets, 0; u64 fingerprint, checksum; then words of 8 octets.
 * The tag is any constant of the module's own; the fingerprint stands for the configuration the state depends on. The checksum finds
 * damage; what a page holds must be checked all the same.
 */
#define TG_PAGE_HEADER 40u
#define TG_FINGERPRINT_START 0xcbf29ce484222325ull

static uint32_t tg_put_at;
static uint32_t tg_take_at;
static uint32_t tg_take_end;

TG_HELPER uint64_t tg_add_word(uint64_t hash, uint64_t word)
{
	uint64_t mixed = (hash ^ word) * 0x100000001b3ull;
	return mixed ^ (mixed >> 32);
}

/** Adds a number of the configuration to a fingerprint, by its bits; every NaN is the same. */
TG_HELPER uint64_t tg_add_number(uint64_t hash, double value)
{
	return tg_add_word(hash, value != value ? 0x7ff8000000000000ull : tg_load_u64((const uint8_t *)&value));
}

TG_HELPER uint64_t tg_hash(const uint8_t *from, uint32_t octets)
{
	uint64_t hash = TG_FINGERPRINT_START;
	for (uint32_t at = 0; at < octets; at += 8) hash = tg_add_word(hash, tg_load_u64(from + at));
	return hash;
}

TG_HELPER void tg_begin_page(void) { tg_put_at = TG_PAGE_HEADER; }
/** Whether `octets` more fit. Ask before putting what belongs together. */
TG_HELPER bool tg_has_page_room(uint32_t octets) { return tg_put_at + octets <= TG_OUTPUT_OCTETS; }
TG_HELPER void tg_put_number(double value) { tg_store_f64(tg_out + tg_put_at, value), tg_put_at += 8; }
TG_HELPER void tg_put_words(uint32_t first, uint32_t second)
{
	tg_store_u32(tg_out + tg_put_at, first);
	tg_store_u32(tg_out + tg_put_at + 4, second);
	tg_put_at += 8;
}

/** Ends a page; returns its octets, for gw_snapshot to return. */
TG_HELPER int32_t tg_seal_page(uint32_t page, uint32_t tag, uint32_t version, uint64_t fingerprint)
{
	const uint32_t words[] = {0x74736774, tag, version, page, tg_put_at, 0};
	__builtin_memcpy(tg_out, words, sizeof words);
	tg_store_u64(tg_out + 24, fingerprint);
	tg_store_u64(tg_out + 32, 0);
	tg_store_u64(tg_out + 32, tg_hash(tg_out, tg_put_at));
	return (int32_t)tg_put_at;
}

/** For gw_restore: opens the page in the input buffer. False for one that is foreign, out of turn or damaged. */
TG_HELPER bool tg_open_page(int32_t len, uint32_t page, uint32_t tag, uint32_t version, uint64_t fingerprint)
{
	if (len < (int32_t)TG_PAGE_HEADER || (uint32_t)len > TG_INPUT_OCTETS || len % 8 != 0) return false;
	const uint32_t words[] = {0x74736774, tag, version, page, (uint32_t)len, 0};
	for (uint32_t i = 0; i < sizeof words / sizeof *words; i++)
		if (tg_load_u32(tg_in + 4 * i) != words[i]) return false;
	uint64_t checksum = tg_load_u64(tg_in + 32);
	tg_store_u64(tg_in + 32, 0);
	if (tg_load_u64(tg_in + 24) != fingerprint || tg_hash(tg_in, (uint32_t)len) != checksum) return false;
	tg_take_at = TG_PAGE_HEADER;
	tg_take_end = (uint32_t)len;
	return true;
}

/** Octets of the page not taken yet. Ask before taking. */
TG_HELPER uint32_t tg_page_left(void) { return tg_take_end - tg_take_at; }
TG_HELPER double tg_take_number(void) { return tg_load_f64(tg_in + (tg_take_at += 8) - 8); }
/** Half a word: take both. */
TG_HELPER uint32_t tg_take_u32(void) { return tg_load_u32(tg_in + (tg_take_at += 4) - 4); }

/* ---- Events -------------------------------------------------------------------------------------------------------------- */

/** A run of UTF-8 or of data in the input buffer; valid as long as the event. */
typedef struct tg_octets { const uint8_t *from; uint32_t length; } tg_octets;

typedef struct tg_event { tg_octets attributes; tg_octets data; } tg_event;

/** Moves `rest` past its first attribute. False at the end, or where the attributes are malformed. */
TG_HELPER bool tg_next_attribute(tg_octets *rest, tg_octets *name, tg_octets *value)
{
	if (rest->length < 4) return false;
	uint32_t names = tg_load_u16(rest->from), values = tg_load_u16(rest->from + 2);
	if (rest->length - 4 < names + values) return false;
	*name = (tg_octets){rest->from + 4, names};
	*value = (tg_octets){rest->from + 4 + names, values};
	*rest = (tg_octets){value->from + values, rest->length - 4 - names - values};
	return true;
}

/** For gw_on_event: checks the event of `len` octets. 0, or TG_EINVAL or TG_ENOTSUP. */
TG_HELPER int32_t tg_open_event(int32_t len, tg_event *event)
{
	if (len < 16 || (uint32_t)len > TG_INPUT_OCTETS) return TG_EINVAL;
	if (tg_load_u32(tg_in) != 1) return TG_ENOTSUP;
	uint64_t attributes = tg_load_u32(tg_in + 8), data = tg_load_u32(tg_in + 12);
	uint64_t data_at = (16 + attributes + 7) & ~7ull;
	if (data_at + data != (uint64_t)len) return TG_EINVAL;
	event->attributes = (tg_octets){tg_in + 16, (uint32_t)attributes};
	event->data = (tg_octets){tg_in + data_at, (uint32_t)data};
	tg_octets rest = event->attributes, name, value;
	for (uint32_t i = tg_load_u32(tg_in + 4); i > 0; i--)
		if (!tg_next_attribute(&rest, &name, &value)) return TG_EINVAL;
	return rest.length == 0 ? 0 : TG_EINVAL;
}

TG_HELPER bool tg_is(tg_octets octets, const char *text)
{
	for (uint32_t i = 0; i < octets.length; i++)
		if (text[i] == 0 || (uint8_t)text[i] != octets.from[i]) return false;
	return text[octets.length] == 0;
}

/** The value of attribute `name`; its `from` is NULL when the event has none of that name. */
TG_HELPER tg_octets tg_attribute(const tg_event *event, const char *name)
{
	tg_octets rest = event->attributes, found, value;
	while (tg_next_attribute(&rest, &found, &value)) if (tg_is(found, name)) return value;
	return (tg_octets){NULL, 0};
}

TG_HELPER uint32_t tg_length(const char *text) { uint32_t n = 0; while (text[n]) n++; return n; }

static uint32_t tg_reply_at, tg_reply_attributes, tg_reply_data;
static bool tg_reply_full;

/** A reply: begin, attributes, data, seal. What does not fit makes tg_seal_reply return TG_ENOMEM. */
TG_HELPER void tg_begin_reply(void) { tg_reply_at = 16, tg_reply_attributes = tg_reply_data = 0, tg_reply_full = false; }

TG_HELPER void tg_reply_put(const void *from, uint32_t length)
{
	tg_reply_full = tg_reply_full || length > TG_OUTPUT_OCTETS - tg_reply_at;
	if (tg_reply_full) return;
	__builtin_memcpy(tg_out + tg_reply_at, from, length);
	tg_reply_at += length;
}

TG_HELPER void tg_reply_attribute(const char *name, const char *value)
{
	const uint16_t lengths[] = {(uint16_t)tg_length(name), (uint16_t)tg_length(value)};
	tg_reply_put(lengths, sizeof lengths);
	tg_reply_put(name, lengths[0]);
	tg_reply_put(value, lengths[1]);
	tg_reply_attributes++;
}

/** Adds to the data; after the last attribute. */
TG_HELPER void tg_reply_octets(const void *from, uint32_t length)
{
	if (tg_reply_data == 0) {
		tg_store_u32(tg_out + 8, tg_reply_at - 16);
		tg_reply_put((const uint8_t[8]){0}, -tg_reply_at & 7);
		tg_reply_data = tg_reply_at;
	}
	tg_reply_put(from, length);
}

/** Ends the reply; returns its octets, for gw_on_event to return. */
TG_HELPER int32_t tg_seal_reply(void)
{
	tg_reply_octets(tg_out, 0);
	if (tg_reply_full) return TG_ENOMEM;
	tg_store_u32(tg_out, 1);
	tg_store_u32(tg_out + 4, tg_reply_attributes);
	tg_store_u32(tg_out + 12, tg_reply_at - tg_reply_data);
	return (int32_t)tg_reply_at;
}

/* ---- Capabilities: those the manifest names. What is not called is not imported. ---------------------------------------- */

#define TG_IMPORT(name) __attribute__((import_module("gw1"), import_name(#name)))

TG_IMPORT(log) void tg_host_log(int32_t level, const char *from, int32_t length);
TG_IMPORT(now) double tg_host_now(void);
TG_IMPORT(metric) void tg_host_metric(const char *from, int32_t length, double value);
TG_IMPORT(emit) int32_t tg_host_emit(const char *type, int32_t type_length, const void *data, int32_t length);

enum { TG_INFO = 0, TG_WARNING = 1, TG_ERROR = 2 };

/** A line for the gateway's log, at most 1,024 octets; over the module's rate it is dropped. */
TG_HELPER void tg_log(int32_t level, const char *line) { tg_host_log(level, line, (int32_t)tg_length(line)); }
/** The gateway's wall clock, Unix epoch milliseconds; in a replay the time of the newest row or tick. */
TG_HELPER double tg_now(void) { return tg_host_now(); }
/** Sets a gauge; name [a-z][a-z0-9_]{0,63}, at most 32 names an instance. */
TG_HELPER void tg_metric(const char *name, double value) { tg_host_metric(name, (int32_t)tg_length(name), value); }
/** Sends an event of at most 65,536 octets. 0, TG_EINVAL when malformed, TG_EAGAIN over the rate. */
TG_HELPER int32_t tg_emit(const char *type, const void *data, uint32_t length)
{
	return tg_host_emit(type, (int32_t)tg_length(type), data, (int32_t)length);
}

#endif
