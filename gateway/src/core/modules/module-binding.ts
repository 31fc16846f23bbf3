import { globToRegExp } from '../../base/glob.ts';
import type { PointColumns } from '../model/points.ts';
import { ALARM_STATE } from '../model/quality.ts';
import { DERIVED_SERIES_BASE, type Series } from '../model/series.ts';
import type { BatchViews } from './batch-layout.ts';
import { ROW_STATE } from './batch-layout.ts';
import { DERIVED_LIMIT, type DerivedRegistry } from './derived-registry.ts';
import type { ModuleManifest } from './manifest.ts';

/** In the table of inputs: the series is not this module's. */
const NOT_BOUND = 255;

/** The last moment that a Date can name, and before 1970 the first one: what is beyond could be stored, and never be found. */
const DATE_MAX_MS = 8.64e15;

/** Rows that a module put out, sorted into their lanes. */
export interface OutputSink {
  /** Appends one row. */
  point(lane: 'aggregate' | 'alarm', series: number, timeMs: number, value: number, quality: number): void;
  /** Rows that cannot be stored: of no known series or output, or beyond the bound on series. */
  shed(lane: 'aggregate' | 'alarm', reason: 'module_output' | 'series_limit', rows: number): void;
}

/** Which series a configured module sees, and what its outputs are called. */
export class ModuleBinding {
  readonly name: string;
  readonly manifest: ModuleManifest;
  readonly #patterns: readonly RegExp[];
  readonly #registry: DerivedRegistry;
  readonly #seriesOf: (id: number) => Series | undefined;
  /** Index of the input a series belongs to, by its number. */
  #inputOf = new Uint8Array(1024).fill(NOT_BOUND);
  readonly #seriesRead: number[];
  /** Derived series by (input series, output); 0: not asked yet. */
  #outputs = new Int32Array(0);

  constructor(
    name: string,
    manifest: ModuleManifest,
    inputs: readonly string[],
    registry: DerivedRegistry,
    seriesOf: (id: number) => Series | undefined,
  ) {
    this.name = name;
    this.manifest = manifest;
    this.#patterns = inputs.map(globToRegExp);
    this.#seriesRead = inputs.map(() => 0);
    this.#registry = registry;
    this.#seriesOf = seriesOf;
  }

  /** How many series each input has found so far. */
  get seriesRead(): readonly number[] {
    return [...this.#seriesRead];
  }

  /** A series has appeared, or is told again: the first input whose pattern matches takes it. Modules see what sensors sent, not each other's results. */
  addSeries(series: Series): void {
    if (series.id >= DERIVED_SERIES_BASE) return;
    if (series.id >= this.#inputOf.length) {
      const grown = new Uint8Array(Math.max(series.id + 1, this.#inputOf.length * 2)).fill(NOT_BOUND);
      grown.set(this.#inputOf);
      this.#inputOf = grown;
    }
    if (this.#inputOf[series.id] !== NOT_BOUND) return;
    const input = this.#patterns.findIndex((pattern) => pattern.test(`${series.device}/${series.point}`));
    if (input < 0) return;
    this.#inputOf[series.id] = input;
    this.#seriesRead[input]!++;
  }

  /** Rows of `points[from..to)` that are this module's, at most as many as `into` has room for. @returns rows written, and where it stopped. */
  select(points: PointColumns, from: number, into: BatchViews): { rows: number; next: number } {
    const inputOf = this.#inputOf;
    let rows = 0;
    let row = from;
    for (; row < points.length && rows < into.count; row++) {
      const series = points.series[row]!;
      const input = inputOf[series];
      if (input === undefined || input === NOT_BOUND) continue;
      into.timeMs[rows] = points.timeMs[row]!;
      into.value[rows] = points.value[row]!;
      into.series[rows] = series;
      into.quality[rows] = points.quality[row]! & 3;
      into.channel[rows] = input;
      rows++;
    }
    return { rows, next: row };
  }

  /** Rows of this batch that are this module's. */
  count(points: PointColumns): number {
    let rows = 0;
    for (let row = 0; row < points.length; row++) {
      const input = this.#inputOf[points.series[row]!];
      if (input !== undefined && input !== NOT_BOUND) rows++;
    }
    return rows;
  }

  /** Hands each row of a checked output on, under its series' own identifier. */
  emit(output: BatchViews, sink: OutputSink): void {
    const { outputs } = this.manifest;
    for (let row = 0; row < output.count; row++) {
      const channel = output.channel[row]!;
      const declared = outputs[channel];
      if (declared === undefined) {
        sink.shed('aggregate', 'module_output', 1);
        continue;
      }
      const lane = declared.kind === 'alarm' ? 'alarm' : 'aggregate';
      const state = output.state[row]!;
      const isLegal =
        Math.abs(output.timeMs[row]!) <= DATE_MAX_MS &&
        (lane === 'alarm') === (state === ROW_STATE.raised || state === ROW_STATE.cleared);
      const series = isLegal ? this.#resolve(output.series[row]!, channel) : undefined;
      if (series === undefined) sink.shed(lane, 'module_output', 1);
      else if (series === DERIVED_LIMIT) sink.shed(lane, 'series_limit', 1);
      else {
        const alarmState = state === ROW_STATE.raised ? ALARM_STATE.raised : ALARM_STATE.cleared;
        const quality = lane === 'alarm' ? alarmState : output.quality[row]! & 3;
        sink.point(lane, series, output.timeMs[row]!, output.value[row]!, quality);
      }
    }
  }

  /** Undefined when the module names a series it was not given. */
  #resolve(input: number, channel: number): number | undefined {
    const at = input * this.manifest.outputs.length + channel;
    const known = this.#outputs[at];
    if (known !== undefined && known !== 0) return known;
    const bound = this.#inputOf[input];
    const series = bound === undefined || bound === NOT_BOUND ? undefined : this.#seriesOf(input);
    if (series === undefined) return undefined;
    const id = this.#registry.resolve(series, this.name, this.manifest.outputs[channel]!);
    if (id === DERIVED_LIMIT) return id;
    if (at >= this.#outputs.length) {
      const grown = new Int32Array(Math.max(at + 1, this.#outputs.length * 2));
      grown.set(this.#outputs);
      this.#outputs = grown;
    }
    this.#outputs[at] = id;
    return id;
  }
}
