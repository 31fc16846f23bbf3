const LINE_BYTES_MAX = 1024;
const NEWLINE = 10;
/** Of one call; what comes beyond is dropped unread. */
const SCANNED_BYTES_MAX = 65_536;

const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/gu;

/** Octets that may still be logged: filled up evenly, one second's worth at most. */
export class LogBudget {
  readonly #perSecond: number;
  readonly #monotonicMs: () => number;
  #left: number;
  #filledMs: number;

  /** @param perSecond octets. */
  constructor(perSecond: number, monotonicMs: () => number) {
    this.#perSecond = perSecond;
    this.#monotonicMs = monotonicMs;
    this.#left = perSecond;
    this.#filledMs = monotonicMs();
  }

  /** @returns whether that many octets may go out now; then they are taken. */
  take(octets: number): boolean {
    const now = this.#monotonicMs();
    this.#left = Math.min(this.#perSecond, this.#left + ((now - this.#filledMs) / 1000) * this.#perSecond);
    this.#filledMs = now;
    if (octets > this.#left) return false;
    this.#left -= octets;
    return true;
  }
}

/**
 * A standard stream as lines of the log. It holds the beginning of one line, at most 1,024 octets; a longer line is cut, a line over the
 * budget is dropped. Control characters become blanks: a module cannot write lines in another's name or steer a terminal.
 */
export class LineLog {
  readonly #write: (line: string) => void;
  readonly #budget: LogBudget;
  readonly #line = new Uint8Array(LINE_BYTES_MAX);
  #length = 0;
  /** Octets that were cut or dropped. */
  droppedBytes = 0;

  constructor(write: (line: string) => void, budget: LogBudget) {
    this.#write = write;
    this.#budget = budget;
  }

  append(octets: Uint8Array): void {
    const scanned = octets.subarray(0, SCANNED_BYTES_MAX);
    this.droppedBytes += octets.length - scanned.length;
    for (let from = 0; from < scanned.length; ) {
      const newline = scanned.indexOf(NEWLINE, from);
      const end = newline < 0 ? scanned.length : newline;
      this.#keep(scanned.subarray(from, end));
      if (newline >= 0) this.end();
      from = end + 1;
    }
  }

  /** Ends a line that has begun. */
  end(): void {
    if (this.#length === 0) return;
    const text = new TextDecoder().decode(this.#line.subarray(0, this.#length)).replace(CONTROL, ' ');
    if (this.#budget.take(this.#length)) this.#write(text);
    else this.droppedBytes += this.#length;
    this.#length = 0;
  }

  #keep(part: Uint8Array): void {
    const kept = part.subarray(0, LINE_BYTES_MAX - this.#length);
    this.#line.set(kept, this.#length);
    this.#length += kept.length;
    this.droppedBytes += part.length - kept.length;
  }
}
