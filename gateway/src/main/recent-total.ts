const MARK_EVERY_MS = 60_000;

/** Of a total that only grows from zero: how much of it came in the last minutes. */
export class RecentTotal {
  readonly #withinMs: number;
  /** At most one a minute; the first is from the beginning of the span, or from the start. */
  readonly #marks = [{ atMs: -Infinity, total: 0 }];

  /** @param withinMs looked back so far, to the minute. */
  constructor(withinMs: number) {
    this.#withinMs = withinMs;
  }

  /** Called once a minute at least. @param nowMs monotonic. @returns growth within the span. */
  add(nowMs: number, total: number): number {
    if (nowMs - this.#marks.at(-1)!.atMs >= MARK_EVERY_MS) this.#marks.push({ atMs: nowMs, total });
    while (this.#marks.length > 1 && this.#marks[1]!.atMs <= nowMs - this.#withinMs) this.#marks.shift();
    return total - this.#marks[0]!.total;
  }
}
