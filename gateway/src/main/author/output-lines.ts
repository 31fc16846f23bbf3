/**
 * What a module says, as lines of a fixed form: keys in one order, numbers as the shortest text that reads back the same. Two replays of one
 * recording through one module are the same octet for octet.
 */
import { GatewayError } from '../../base/errors.ts';
import { type BatchViews, ROW_STATE } from '../../core/modules/batch-layout.ts';
import type { ModuleManifest, ModuleOutput } from '../../core/modules/manifest.ts';
import type { Effect } from './effects.ts';
import type { LineSink } from './line-file.ts';

export class OutputLines {
  rows = 0;
  readonly #manifest: ModuleManifest;
  readonly #sink: LineSink;
  readonly #seriesOf: (id: number) => string | undefined;
  /** Quoted names by (series, output). */
  readonly #names = new Map<number, string>();

  /** @param seriesOf `device/point` of an identifier that was given to the module. */
  constructor(manifest: ModuleManifest, sink: LineSink, seriesOf: (id: number) => string | undefined) {
    this.#manifest = manifest;
    this.#sink = sink;
    this.#seriesOf = seriesOf;
  }

  /** @throws GatewayError `corrupt` for a row that the gateway would drop: of no known series or output, or no legal state. */
  output(batch: BatchViews): void {
    for (let row = 0; row < batch.count; row++) this.#row(batch, row);
    this.rows += batch.count;
  }

  #row(batch: BatchViews, row: number): void {
    const channel = batch.channel[row]!;
    const output = this.#manifest.outputs[channel];
    if (output === undefined) throw wrong(row, `an output 0..${this.#manifest.outputs.length - 1}`, channel);
    const state = batch.state[row]!;
    const isAlarm = state === ROW_STATE.raised || state === ROW_STATE.cleared;
    if (isAlarm !== (output.kind === 'alarm') || state > ROW_STATE.cleared)
      throw wrong(row, output.kind === 'alarm' ? 'state 1 or 2 of an alarm' : 'state 0 of a point', state);
    const ts = batch.timeMs[row]!;
    if (!Number.isFinite(ts)) throw wrong(row, 'a time', ts);
    const name = this.#name(batch.series[row]!, channel, output, row);
    const alarm = isAlarm ? `,"alarm":"${state === ROW_STATE.raised ? 'raised' : 'cleared'}"` : '';
    const quality = batch.quality[row]! & 3;
    this.#sink.line(
      `{"series":${name},"ts":${numberText(ts)},"v":${numberText(batch.value[row]!)},"q":${quality}${alarm}}`,
    );
  }

  /** As the gateway names it when the module is configured under its own name. */
  #name(id: number, channel: number, output: ModuleOutput, row: number): string {
    const key = id * 256 + channel;
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const series = this.#seriesOf(id);
    if (series === undefined) throw wrong(row, 'a series it was given', id);
    const name = JSON.stringify(`${series}${output.kind === 'alarm' ? '!' : '.'}${this.#manifest.id}.${output.name}`);
    this.#names.set(key, name);
    return name;
  }

  effect(effect: Effect): void {
    if (effect.kind === 'log') this.#sink.line(`{"log":${JSON.stringify(effect.text)},"level":"${effect.level}"}`);
    else if (effect.kind === 'metric')
      this.#sink.line(`{"metric":"${effect.name}","value":${numberText(effect.value)}}`);
    else this.#sink.line(`{"emit":"${effect.type}","data":"${Buffer.from(effect.data).toString('base64')}"}`);
  }

  /** A batch or tick that the module refused. */
  error(batch: number, result: number): void {
    this.#sink.line(`{"batch":${batch},"error":${result}}`);
  }
}

/** NaN and infinities have no form in JSON. */
function numberText(value: number): string {
  return Number.isFinite(value) ? JSON.stringify(value) : 'null';
}

function wrong(row: number, expected: string, found: number): GatewayError {
  return new GatewayError('corrupt', `row ${row} of the output: ${expected} expected, ${found} found`, {
    hint: 'The gateway drops such a row and counts it.',
  });
}
