/** Plays a recording through the guarded module, as the gateway would: batches of rows, ticks between them. */
import { ModuleInstance } from '../../adapters/wasm/module-instance.ts';
import { GatewayError } from '../../base/errors.ts';
import { RecordedCalls } from './effects.ts';
import { calling } from './failures.ts';
import type { LineSink } from './line-file.ts';
import { OutputLines } from './output-lines.ts';
import type { BuiltModule } from './program.ts';
import type { RecordingItem } from './recording.ts';
import { freshWithState } from './state-move.ts';

export interface ReplayOptions {
  /** Rows a batch, at most as many as the module's input buffer holds. */
  readonly batchRows: number;
  /** Moves the state to a fresh instance after so many batches; null: never. */
  readonly snapshotEvery: number | null;
}

export interface ReplaySum {
  readonly batches: number;
  readonly ticks: number;
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly series: number;
  /** Batches and ticks answered with −errno. */
  readonly refused: number;
  /** Units, of all calls; and of the batch or tick that used most, with its pages. */
  readonly fuel: number;
  readonly fuelOfCallMax: number;
  readonly moves: number;
}

/** An identifier for each series of a recording, in order of appearance. */
const SERIES_MAX = 1_000_000;

type Row = Extract<RecordingItem, { series: string }>;
const freshSum = {
  batches: 0,
  ticks: 0,
  rowsIn: 0,
  rowsOut: 0,
  series: 0,
  refused: 0,
  fuel: 0,
  fuelOfCallMax: 0,
  moves: 0,
};

/** @throws GatewayError when the module traps or breaks the ABI, naming the batch and its lines. */
export function replay(
  built: BuiltModule,
  config: Uint8Array,
  items: Iterable<RecordingItem>,
  options: ReplayOptions,
  sink: LineSink,
): ReplaySum {
  const run = new Replay(built, config, options, sink);
  for (const item of items) run.take(item);
  return run.end();
}

class Replay {
  readonly #options: ReplayOptions;
  readonly #sum = { ...freshSum };
  readonly #names: string[] = [];
  readonly #ids = new Map<string, number>();
  readonly #lines: OutputLines;
  readonly #calls: RecordedCalls;
  readonly #fresh: () => ModuleInstance;
  #instance: ModuleInstance;
  #waiting: Row[] = [];
  #rowsMax: number;

  constructor({ manifest, compiled }: BuiltModule, config: Uint8Array, options: ReplayOptions, sink: LineSink) {
    this.#options = options;
    this.#lines = new OutputLines(manifest, sink, (id) => this.#names[id]);
    this.#calls = new RecordedCalls((effect) => this.#lines.effect(effect));
    this.#fresh = () => new ModuleInstance(compiled, manifest, config, this.#calls);
    this.#instance = calling('start', this.#fresh);
    this.#rowsMax = Math.min(options.batchRows, this.#instance.inputRows);
  }

  take(item: RecordingItem): void {
    if (!('tick' in item)) {
      this.#waiting.push(item);
      if (this.#waiting.length >= this.#rowsMax) this.#batch();
      return;
    }
    this.#batch();
    this.#calls.sawTime(item.tick);
    this.#sum.ticks++;
    if (!this.#instance.hasTick) return;
    this.#call(`line ${item.line}: tick`, () =>
      this.#instance.onTick(item.tick, (output) => this.#lines.output(output)),
    );
  }

  end(): ReplaySum {
    this.#batch();
    return { ...this.#sum, rowsOut: this.#lines.rows, series: this.#names.length };
  }

  #batch(): void {
    const rows = this.#waiting;
    if (rows.length === 0) return;
    const input = this.#instance.input(rows.length);
    for (const [index, { series, ts, v, quality }] of rows.entries()) {
      this.#calls.sawTime(ts);
      input.timeMs[index] = ts;
      input.value[index] = v;
      input.series[index] = this.#idOf(series);
      input.quality[index] = quality;
      input.channel[index] = 0;
    }
    this.#waiting = [];
    this.#sum.batches++;
    this.#sum.rowsIn += rows.length;
    const where = `lines ${rows[0]!.line} to ${rows.at(-1)!.line}: batch ${this.#sum.batches}`;
    this.#call(where, () => this.#instance.onBatch(rows.length, (output) => this.#lines.output(output)));
    const every = this.#options.snapshotEvery;
    if (every !== null && this.#sum.batches % every === 0) this.#move(where);
  }

  #call(where: string, work: () => number): void {
    const before = this.#instance.fuelUsed;
    const result = calling(where, work);
    const used = this.#instance.fuelUsed - before;
    this.#sum.fuel += used;
    this.#sum.fuelOfCallMax = Math.max(this.#sum.fuelOfCallMax, used);
    if (result >= 0) return;
    this.#sum.refused++;
    this.#lines.error(this.#sum.batches, result);
  }

  #move(where: string): void {
    this.#instance = calling(`${where}: state`, () => freshWithState(this.#instance, this.#fresh));
    this.#sum.moves++;
  }

  #idOf(series: string): number {
    const known = this.#ids.get(series);
    if (known !== undefined) return known;
    const id = this.#names.length;
    if (id === SERIES_MAX)
      throw new GatewayError('exhausted', `recording: at most ${SERIES_MAX} series expected, more found`);
    this.#names.push(series);
    this.#ids.set(series, id);
    return id;
  }
}
