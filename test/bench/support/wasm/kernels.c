/*
 * Two kernels of the kind that modules are made of. One source, three ways: WebAssembly for V8 and for wazero, and native as the limit.
 * -DROUNDS=n -DKERNEL=k: what `_start`, or the native main, runs; for wazero, whose host gives us no other way in.
 */
#ifndef ROUNDS
#define ROUNDS 0
#endif
#ifndef KERNEL
#define KERNEL 0
#endif
#define ROWS 4096
#define SERIES 64

#ifdef __wasm__
#define EXPORT(name) __attribute__((export_name(name)))
#else
#define EXPORT(name)
#endif

static double value[ROWS];
static unsigned series[ROWS];
static unsigned char octet[ROWS];
static struct {
  double sum, min, max;
  unsigned n;
} window[SERIES];

static void fill(void) {
  for (int i = 0; i < ROWS; i++) {
    value[i] = (double)((i * 7919) % 1000) / 10;
    series[i] = (unsigned)i % SERIES;
    octet[i] = (unsigned char)(i * 31);
  }
}

/* Floating point and scattered memory: windows of a hundred readings, by series. */
EXPORT("aggregate") double aggregate(int rounds) {
  double out = 0;
  fill();
  for (int r = 0; r < rounds; r++) {
    for (int i = 0; i < ROWS; i++) {
      double x = value[i];
      unsigned s = series[i];
      if (window[s].n == 0) {
        window[s].min = window[s].max = x;
        window[s].sum = 0;
      }
      window[s].sum += x;
      if (x < window[s].min) window[s].min = x;
      if (x > window[s].max) window[s].max = x;
      if (++window[s].n == 100) {
        out += window[s].sum / 100 + window[s].max - window[s].min;
        window[s].n = 0;
      }
    }
  }
  return out;
}

/* Whole numbers and short loops inside of each other: a checksum bit by bit. */
EXPORT("checksum") double checksum(int rounds) {
  unsigned sum = 0xffffffffu;
  fill();
  for (int r = 0; r < rounds; r++) {
    for (int i = 0; i < ROWS; i++) {
      sum ^= octet[i];
#pragma GCC unroll 1
      for (int bit = 0; bit < 8; bit++) sum = (sum >> 1) ^ (0xedb88320u & (0u - (sum & 1)));
    }
  }
  return (double)sum;
}

static volatile double sink;

EXPORT("_start") void run(void) { sink = KERNEL == 0 ? aggregate(ROUNDS) : checksum(ROUNDS); }

#ifndef __wasm__
int main(void) {
  run();
  return 0;
}
#endif
