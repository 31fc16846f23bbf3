/* Converts readings: a conversion known by its number, then scale and offset. Keeps nothing: a row in, a row out. */
#include "tidegate.h"

enum field { CONVERSION, SCALE, OFFSET, FIELDS };

/** (value + before) * scale + offset: with `before`, 32 degF are 0 degC exactly. */
struct line { double before, scale, offset; };

/* The conversions by number. Factors are exact by definition, or the nearest double (NIST SP 811, appendix B). */
static const struct line conversions[] = {
	{0, 1, 0},                 /* 0 none */
	{-32, 5.0 / 9, 0},         /* 1 degF to degC */
	{0, 1.8, 32},              /* 2 degC to degF */
	{0, 1, -273.15},           /* 3 K to degC */
	{0, 1, 273.15},            /* 4 degC to K */
	{0, 6.894757293168361, 0}, /* 5 psi to kPa */
	{0, 100, 0},               /* 6 bar to kPa */
	{0, 0.133322387415, 0},    /* 7 mmHg to kPa */
	{0, 1 / 3.6, 0},           /* 8 km/h to m/s */
	{0, 0.44704, 0},           /* 9 mph to m/s */
	{0, 1852.0 / 3600, 0},     /* 10 kn to m/s */
	{0, 0.3048, 0},            /* 11 ft to m */
	{0, 3.785411784, 0},       /* 12 US gal to L */
	{0, 0.45359237, 0},        /* 13 lb to kg */
	{0, 3.6, 0},               /* 14 kWh to MJ */
	{0, 745.6998715822702, 0}, /* 15 hp to W */
};
#define CONVERSIONS (sizeof conversions / sizeof *conversions)

/** What stands for each input: both steps in one. */
static struct line lines[TG_INPUTS_MAX];

static bool is_finite(double value) { return __builtin_fabs(value) <= __DBL_MAX__; }

TG_EXPORT(gw_init) int32_t gw_init(int32_t len)
{
	int32_t inputs = tg_open_config(len, FIELDS);
	tg_clear_call();
	for (int32_t input = 0; input < inputs; input++) {
		double conversion = tg_config((uint32_t)input, CONVERSION, 0);
		double scale = tg_config((uint32_t)input, SCALE, 1);
		double offset = tg_config((uint32_t)input, OFFSET, 0);
		if (!(conversion >= 0 && conversion < CONVERSIONS) || conversion != (uint32_t)conversion) return TG_EINVAL;
		if (!is_finite(scale) || !is_finite(offset)) return TG_EINVAL;
		const struct line *known = &conversions[(uint32_t)conversion];
		lines[input] = (struct line){known->before, known->scale * scale, known->offset * scale + offset};
	}
	return inputs < 0 ? inputs : 0;
}

/** A bad reading, and one whose result is too large for a number, is left out. */
static int32_t convert(const tg_batch *batch, uint32_t row)
{
	if (!tg_has_room(1)) return TG_FULL;
	if (!tg_is_reading(batch, row)) return 0;
	const struct line *line = &lines[batch->channel[row]];
	double value = (batch->value[row] + line->before) * line->scale + line->offset;
	if (is_finite(value)) tg_add_row(batch->ts[row], value, batch->id[row], batch->quality[row], 0, 0);
	return 0;
}

TG_EXPORT(gw_on_batch) int32_t gw_on_batch(int32_t len) { return tg_run_batch(len, convert); }
