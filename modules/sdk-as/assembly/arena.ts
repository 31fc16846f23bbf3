/**
 * Memory for state that is never given back: series live as long as the instance. Initial and maximum size of the memory are the
 * same, so nothing grows and the host's views of the buffers stay valid; pages cost nothing before they are first written.
 */

let next: usize = 0;

/** Forgets everything; what was handed out before must not be used again. */
export function clearArena(): void {
  next = (__heap_base + 7) & ~7;
}

/** `octets` of zeroed memory, 8-aligned, or 0 when no room is left. */
export function take(octets: usize): usize {
  const from = next;
  const size = (octets + 7) & ~7;
  const end = <usize>memory.size() << 16;
  if (size > end - from) return 0;
  next = from + size;
  memory.fill(from, 0, size);
  return from;
}
