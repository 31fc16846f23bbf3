/**
 * A recording: one JSON object a line. Either `{"series":"device/point","ts":ms,"v":number,"q":0..2}` and `{"tick":ms}`, or what `tidegate
 * store export` writes, `{"series","lane","timeMs","value","quality"}`.
 */
import { GatewayError } from '../../base/errors.ts';
import { readLines } from './line-file.ts';

export type RecordingItem =
  | {
      readonly line: number;
      readonly series: string;
      readonly ts: number;
      readonly v: number;
      readonly quality: number;
    }
  | { readonly line: number; readonly tick: number };

/** Lines kept at once by `inOrderOfTime`. */
const SORTED_MAX = 5_000_000;

interface RawLine {
  readonly series?: unknown;
  readonly ts?: unknown;
  readonly v?: unknown;
  readonly q?: unknown;
  readonly tick?: unknown;
  readonly lane?: unknown;
  readonly timeMs?: unknown;
  readonly value?: unknown;
  readonly quality?: unknown;
}

/**
 * Reads as it is asked for more. Rows of an export that no sensor sent (aggregates, alarms) are left out: modules do not see each other's results.
 * @throws GatewayError `invalid` naming file, line and fault.
 */
export function* readRecording(path: string): Generator<RecordingItem> {
  let line = 0;
  for (const text of readLines(path)) {
    line++;
    if (text.trim() === '') continue;
    const item = itemOf(text, line, `${path}:${line}`);
    if (item !== null) yield item;
  }
}

function itemOf(text: string, line: number, where: string): RecordingItem | null {
  let raw: RawLine;
  try {
    raw = JSON.parse(text) as RawLine;
  } catch (error) {
    throw new GatewayError('invalid', `${where}: a JSON object expected`, { cause: error });
  }
  if (raw?.tick !== undefined) return { line, tick: finite(raw.tick, `${where}: tick`) };
  if (typeof raw?.series !== 'string' || !raw.series.includes('/'))
    throw new GatewayError('invalid', `${where}: tick, or series "device/point" expected, ${text.slice(0, 80)} found`);
  if (raw.lane !== undefined && raw.lane !== 'live') return null;
  const ts = finite(raw.ts ?? raw.timeMs, `${where}: ts`);
  const value = raw.v ?? raw.value ?? null;
  const v = value === null ? Number.NaN : finite(value, `${where}: v`);
  return { line, series: raw.series, ts, v, quality: finite(raw.q ?? raw.quality ?? 0, `${where}: q`) & 3 };
}

function finite(value: unknown, where: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new GatewayError('invalid', `${where}: a number expected, ${JSON.stringify(value)} found`);
}

/**
 * In order of time; what has the same time keeps its order. An export goes series by series, a gateway sees them side by side.
 * @throws GatewayError `exhausted` beyond 5 million lines.
 */
export function inOrderOfTime(items: Iterable<RecordingItem>): RecordingItem[] {
  const all: RecordingItem[] = [];
  for (const item of items) {
    if (all.length === SORTED_MAX)
      throw new GatewayError('exhausted', `--by-time: at most ${SORTED_MAX} lines expected, more found`);
    all.push(item);
  }
  return all.sort((a, b) => timeOf(a) - timeOf(b));
}

/** Puts a tick wherever the time of the readings passes a multiple of `everyMs`: a recording without ticks closes no idle window. */
export function* withTicks(items: Iterable<RecordingItem>, everyMs: number): Generator<RecordingItem> {
  let next = Number.NaN;
  for (const item of items) {
    const now = timeOf(item);
    if (Number.isNaN(next)) next = (Math.floor(now / everyMs) + 1) * everyMs;
    else if (now >= next) {
      // One tick stands for a gap of any length, as for a gateway that was off.
      const tick = Math.floor(now / everyMs) * everyMs;
      yield { line: item.line, tick };
      next = tick + everyMs;
    }
    yield item;
  }
}

const timeOf = (item: RecordingItem): number => ('tick' in item ? item.tick : item.ts);
