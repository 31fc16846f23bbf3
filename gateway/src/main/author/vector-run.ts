/** Runs one vector through the guarded module, and says where the answers differ. */
import { FunctionInstance } from '../../adapters/wasm/function-instance.ts';
import { ModuleInstance } from '../../adapters/wasm/module-instance.ts';
import { decodeEvent, encodeEvent } from '../../core/model/event.ts';
import type { BatchViews } from '../../core/modules/batch-layout.ts';
import type { ModuleManifest } from '../../core/modules/manifest.ts';
import { configOfRows } from './config-rows.ts';
import { RecordedCalls } from './effects.ts';
import { calling } from './failures.ts';
import type { BuiltModule } from './program.ts';
import { freshWithState } from './state-move.ts';
import { differences } from './text-diff.ts';
import type { Expected, ExpectedRow, Vector, VectorEvent, VectorStep } from './vector.ts';

export interface VectorResult {
  readonly name: string;
  /** Lines for people; none: it answered as worked out. */
  readonly faults: readonly string[];
}

/** Rounding of a mean or variance in another order of adding. */
const RELATIVE_ERROR_MAX = 1e-14;

type FoundRow = Required<Omit<ExpectedRow, 'v'>> & { readonly v: number };
type Reply = readonly FoundRow[] | VectorEvent | null | number;

/** @param movesState whether its state goes to a fresh instance after every step. @throws GatewayError when the module breaks the ABI. */
export function runVector(built: BuiltModule, vector: Vector, movesState: boolean): VectorResult {
  const { manifest } = built;
  const run = calling(vector.name, () => startRun(built, vector, movesState));
  const faults: string[] = [];
  for (const [index, step] of vector.steps.entries()) {
    const where = `${vector.name}: step ${index} (${titleOf(step)})`;
    const found = calling(where, () => run(step));
    const expected = vector.expect[index]!;
    const lines = differences(linesOf(expected, manifest), linesOf(nearExpected(found, expected), manifest));
    if (lines.length > 0) faults.push(`${where}${movesState ? ', state moved before it' : ''}:`, ...lines);
  }
  return { name: vector.name, faults };
}

function startRun(built: BuiltModule, vector: Vector, movesState: boolean): (step: VectorStep) => Reply {
  const { manifest, compiled } = built;
  const config = configOfRows(manifest, vector.config);
  const calls = new RecordedCalls(() => undefined);
  if (manifest.kind === 'function') {
    const instance = new FunctionInstance(compiled, manifest, config, calls);
    return (step) => ('event' in step ? sendEvent(instance, step.event) : null);
  }
  let instance = new ModuleInstance(compiled, manifest, config, calls);
  return (step) => {
    if (movesState) instance = freshWithState(instance, () => new ModuleInstance(compiled, manifest, config, calls));
    return sendStep(instance, step, manifest, calls);
  };
}

function sendStep(instance: ModuleInstance, step: VectorStep, manifest: ModuleManifest, calls: RecordedCalls): Reply {
  const rows: FoundRow[] = [];
  const take = (output: BatchViews) => {
    for (let row = 0; row < output.count; row++) rows.push(rowOf(output, row, manifest));
  };
  let result = 0;
  if ('tick' in step) {
    calls.sawTime(step.tick);
    if (instance.hasTick) result = instance.onTick(step.tick, take);
  } else if ('batch' in step) {
    const input = instance.input(step.batch.length);
    for (const [row, { ts, v, id, quality, channel }] of step.batch.entries()) {
      calls.sawTime(ts);
      input.timeMs[row] = ts;
      input.value[row] = v ?? Number.NaN;
      input.series[row] = id;
      input.quality[row] = quality ?? 0;
      input.channel[row] = channel ?? 0;
    }
    result = instance.onBatch(step.batch.length, take);
  }
  return result < 0 && rows.length === 0 ? result : rows;
}

function rowOf(output: BatchViews, row: number, { outputs }: ModuleManifest): FoundRow {
  const channel = output.channel[row]!;
  return {
    ts: output.timeMs[row]!,
    v: output.value[row]!,
    id: output.series[row]!,
    quality: output.quality[row]!,
    channel: outputs[channel]?.name ?? `(no output ${channel})`,
    state: output.state[row]!,
  };
}

function sendEvent(instance: FunctionInstance, { attributes = {}, data = '', dataBase64 }: VectorEvent): Reply {
  const octets = Buffer.from(dataBase64 ?? data, dataBase64 === undefined ? 'utf8' : 'base64');
  const { errno, reply } = instance.onEvent(encodeEvent({ attributes, data: octets }));
  if (reply === null) return errno === 0 ? null : errno;
  const { attributes: names, data: body } = decodeEvent(reply);
  const text = Buffer.from(body).toString('utf8');
  const isText = Buffer.from(text).equals(Buffer.from(body));
  return { attributes: names, ...(isText ? { data: text } : { dataBase64: Buffer.from(body).toString('base64') }) };
}

/** Values within rounding of what is expected are shown as expected, so that only true differences show. */
function nearExpected(found: Reply, expected: Expected): Reply {
  if (!Array.isArray(found) || !Array.isArray(expected)) return found;
  return (found as FoundRow[]).map((row, index) => {
    const want = (expected as ExpectedRow[])[index]?.v;
    const isNear = typeof want === 'number' && Math.abs(row.v - want) <= Math.abs(want) * RELATIVE_ERROR_MAX;
    return isNear ? { ...row, v: want } : row;
  });
}

function linesOf(reply: Reply | Expected, { outputs }: ModuleManifest): string[] {
  if (typeof reply === 'number') return [`error ${reply}`];
  if (reply === null) return ['no reply'];
  if (!Array.isArray(reply)) return replyLines(reply as VectorEvent);
  const width = Math.max(...outputs.map(({ name }) => name.length));
  return (reply as ExpectedRow[]).map(({ channel, id, ts, v, quality = 0, state = 0 }) => {
    const value = v === null || Number.isNaN(v) ? 'NaN' : String(v);
    const alarm = ['', ' raised', ' cleared'][state] ?? ` state ${state}`;
    return `${channel.padEnd(width)} id ${id} ts ${ts} v ${value} quality ${quality}${alarm}`;
  });
}

function replyLines({ attributes = {}, data, dataBase64 }: VectorEvent): string[] {
  const names = Object.keys(attributes).sort();
  const body = dataBase64 === undefined ? `data ${JSON.stringify(data ?? '')}` : `data base64 ${dataBase64}`;
  return [...names.map((name) => `${name}: ${attributes[name]}`), body];
}

function titleOf(step: VectorStep): string {
  if ('tick' in step) return `tick ${step.tick}`;
  return 'event' in step ? 'event' : `batch of ${step.batch.length} rows`;
}
