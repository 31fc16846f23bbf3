import type { BatchViews } from './batch-layout.ts';
import type { ModuleManifest } from './manifest.ts';

/** Rows of one call that are compared; what is beyond is counted as it comes, never as a difference. */
const ROWS_MAX = 16_384;
/** Values this near to each other, relative to the larger, are the same. */
const TOLERANCE = 1e-9;

/** What a canary has shown so far. */
export interface CanaryReport {
  /** Calls that both versions made. */
  readonly calls: number;
  /** Rows of output: of the live version, of the canary, and of both that have no equal at the other. */
  readonly rowsLive: number;
  readonly rowsCanary: number;
  readonly rowsDiffering: number;
  readonly fuelLive: number;
  readonly fuelCanary: number;
  /** Traps, breaches and refusals of the canary. */
  readonly failures: number;
  readonly error: string | null;
  /** Null: it began with the live version's state. Otherwise why it did not: its outputs are then not compared. */
  readonly notCarried: string | null;
}

interface Row {
  readonly value: number;
  readonly quality: number;
}

/** Compares the outputs of two versions call by call: the same rows, in any order, under the same names. */
export class Comparison {
  readonly #live = new Map<string, Row>();
  readonly #canary = new Map<string, Row>();
  calls = 0;
  rowsLive = 0;
  rowsCanary = 0;
  rowsDiffering = 0;

  addLive(output: BatchViews, manifest: ModuleManifest): void {
    this.rowsLive += output.count;
    collect(this.#live, output, manifest);
  }

  addCanary(output: BatchViews, manifest: ModuleManifest): void {
    this.rowsCanary += output.count;
    collect(this.#canary, output, manifest);
  }

  /** Both versions have made this call. */
  endCall(): void {
    this.calls++;
    for (const [key, row] of this.#live) {
      const other = this.#canary.get(key);
      if (other === undefined || !isSame(row, other)) this.rowsDiffering++;
    }
    for (const key of this.#canary.keys()) if (!this.#live.has(key)) this.rowsDiffering++;
    this.#live.clear();
    this.#canary.clear();
  }
}

function collect(into: Map<string, Row>, output: BatchViews, { outputs }: ModuleManifest): void {
  for (let row = 0; row < output.count && into.size < ROWS_MAX; row++) {
    const name = outputs[output.channel[row]!]?.name ?? `#${output.channel[row]}`;
    const key = `${output.series[row]}\0${name}\0${output.timeMs[row]}\0${output.state[row]}`;
    into.set(key, { value: output.value[row]!, quality: output.quality[row]! });
  }
}

function isSame(a: Row, b: Row): boolean {
  if (a.quality !== b.quality) return false;
  if (Object.is(a.value, b.value)) return true;
  return Math.abs(a.value - b.value) <= TOLERANCE * Math.max(Math.abs(a.value), Math.abs(b.value));
}
