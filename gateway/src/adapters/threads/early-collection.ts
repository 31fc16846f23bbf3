import { getHeapStatistics } from 'node:v8';

/**
 * V8 forgets code that has not run during six collections (`--bytecode-old-age`), at the seventh: by then what only a start runs is gone, which is
 * a quarter of a thread's heap. One more, because the first may have begun before.
 */
const SETTLING_COLLECTIONS = 8;
/** Then, buffers and WebAssembly code that nobody refers to any more are left lying in a thread up to about so much. */
const GARBAGE_MAX = 4 * 2 ** 20;
const LOOK_EVERY_MS = 5000;
/** For the sake of garbage at most each fourth look: at full rate one at each look cost a sixth of the points. */
const LOOKS_APART_LEAST = 4;
/** And each minute in any case. */
const LOOKS_APART_MOST = 12;

/**
 * Lets V8 collect in the calling thread long before it does so by itself: by itself only when its heap is full, or 64 MB have come outside of it
 * since the last time. With six threads those are most of a small board's memory, and what each leaves behind malloc cannot give back.
 * @param begin lets a collection begin, and returns at once.
 */
export function collectEarly(begin: () => void, lookEveryMs = LOOK_EVERY_MS): Disposable {
  let settling = SETTLING_COLLECTIONS;
  let leastOutside = Number.POSITIVE_INFINITY;
  let looks = 0;
  const look = () => {
    const outside = getHeapStatistics().external_memory;
    leastOutside = Math.min(leastOutside, outside);
    looks++;
    const isWorthIt = outside - leastOutside >= GARBAGE_MAX && looks >= LOOKS_APART_LEAST;
    if (settling === 0 && !isWorthIt && looks < LOOKS_APART_MOST) return;
    settling = Math.max(0, settling - 1);
    leastOutside = outside;
    looks = 0;
    begin();
  };
  const timer = setInterval(look, lookEveryMs).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
