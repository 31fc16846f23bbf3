import { getHeapStatistics } from 'node:v8';

/** Buffers and WebAssembly code that nobody refers to any more are left lying in a thread up to about so much. */
const GARBAGE_MAX = 4 * 2 ** 20;
/** V8 begins a collection for the sake of memory outside its heap when so much has come since the last one (`kExternalAllocationSoftLimit`). */
const V8_BEGINS_AT = 64 * 2 ** 20;
const LOOK_EVERY_MS = 5000;

/**
 * Lets V8 collect in the calling thread before 64 MB of garbage lie outside its heap: with six threads those are most of a small board's memory,
 * and what each leaves behind malloc cannot give back. V8 has no call that begins an incremental collection (its `gc()` stops the thread for all of
 * it, 15 to 30 ms where the steps of an incremental one take 2 to 4); so it is shown a buffer of the size that lets it begin one. The buffer is
 * address space only: no page of it is touched, and it is released at once.
 */
export function collectEarly(lookEveryMs = LOOK_EVERY_MS): Disposable {
  let least = Number.POSITIVE_INFINITY;
  const look = () => {
    const now = getHeapStatistics().external_memory;
    least = Math.min(least, now);
    if (now - least < GARBAGE_MAX) return;
    least = now;
    new ArrayBuffer(V8_BEGINS_AT).transfer(0);
  };
  const timer = setInterval(look, lookEveryMs).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
