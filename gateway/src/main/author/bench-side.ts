import { median, type Spread, spread } from './spread.ts';

/** Calls the module once. @returns nanoseconds of the call. */
export type Call = () => number;

/** One way of running the module. */
export interface BenchSide {
  readonly callsPerSecond: Spread;
  /** Nanoseconds of a call divided by its rows; for a function, of one event. */
  readonly nsPerRow: Spread;
  /** Microseconds, over the calls of all rounds. */
  readonly callUsP50: number;
  readonly callUsP99: number;
}

/** Calls whose time is kept, over all rounds of a side. */
const SAMPLES_MAX = 1 << 20;

/** One of the two, and what its rounds gave. */
export class Side {
  readonly nsPerCall: number[] = [];
  readonly #call: Call;
  readonly #samples: number[] = [];

  constructor(call: Call) {
    this.#call = call;
  }

  warm(ms: number): void {
    for (const end = performance.now() + ms; performance.now() < end; ) this.#call();
  }

  /** The round's figure is its median call: what else the machine does interrupts a few calls, and would shift a mean. */
  round(ms: number): void {
    const own: number[] = [];
    for (const end = performance.now() + ms; own.length === 0 || performance.now() < end; ) own.push(this.#call());
    this.nsPerCall.push(median(own));
    for (const took of own) if (this.#samples.length < SAMPLES_MAX) this.#samples.push(took);
  }

  result(rows: number): BenchSide {
    const sorted = Float64Array.from(this.#samples).sort();
    const at = (share: number) => (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0) / 1000;
    return {
      callsPerSecond: spread(this.nsPerCall.map((ns) => 1e9 / ns)),
      nsPerRow: spread(this.nsPerCall.map((ns) => ns / rows)),
      callUsP50: at(0.5),
      callUsP99: at(0.99),
    };
  }
}
