/** The rules of decoding, written once more on `JSON.parse` in the plainest way, to compare the decoder with. */
import type { DecoderSpec } from '../../../gateway/src/core/ingest/decoder-plan.ts';

export interface OracleLimits {
  readonly readingsMax: number;
  readonly timeMinMs: number;
  readonly timeMaxMs: number;
}

class Fault extends Error {}
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };
type Context = { timeMs: number | undefined; device: string | undefined; point: string | undefined };

const NUMBER_TEXT = /^[ \t\r\n]*-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?[ \t\r\n]*$/;
const VALUE_ALIASES = ['value', 'v', 'val', 'reading'];
const TIME_ALIASES = ['time', 'ts', 'timestamp', 't'];

/** Rows as texts, sorted; or undefined when the message is a fault. */
export function oracleRows(spec: DecoderSpec, text: string, nowMs: number, limits: OracleLimits): string[] | undefined {
  try {
    const rows = new Oracle(spec, nowMs, limits).document(JSON.parse(text) as Json);
    if (rows.length > limits.readingsMax) return undefined;
    return rows.sort();
  } catch (thrown) {
    if (thrown instanceof Fault || thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}

/** How both sides write a row. */
export function rowText(
  device: string | undefined,
  point: string | undefined,
  timeMs: number,
  value: number,
  quality: number,
) {
  return JSON.stringify([device ?? null, point ?? null, timeMs, Object.is(value, -0) ? '-0' : String(value), quality]);
}

class Oracle {
  readonly spec: DecoderSpec;
  readonly nowMs: number;
  readonly limits: OracleLimits;
  readonly valuePaths: readonly string[];
  readonly timePaths: readonly string[];
  readonly paths: readonly string[];

  constructor(spec: DecoderSpec, nowMs: number, limits: OracleLimits) {
    this.spec = spec;
    this.nowMs = nowMs;
    this.limits = limits;
    const isAuto = spec.decoder === 'auto';
    const taken = [...spec.fields, spec.deviceKey, spec.pointKey, spec.qualityKey];
    const aliases = (path: string, all: readonly string[]) =>
      all.filter((alias) => alias === path || (!taken.includes(alias) && alias !== spec.value && alias !== spec.time));
    this.valuePaths = isAuto && spec.value === 'value' ? aliases('value', VALUE_ALIASES) : [spec.value];
    this.timePaths = isAuto && spec.time === 'time' ? aliases('time', TIME_ALIASES) : [spec.time];
    const values = spec.fields.length === 0 ? this.valuePaths : spec.fields;
    this.paths = [...values, ...this.timePaths, spec.deviceKey, spec.pointKey, spec.qualityKey];
  }

  document(root: Json): string[] {
    const { spec } = this;
    if (spec.array === '') return this.readings(root, { timeMs: undefined, device: undefined, point: undefined });
    if (!isObject(root)) throw new Fault();
    const found = at(root, spec.array);
    if (found === undefined || found === null || typeof found !== 'object') throw new Fault();
    return this.readings(found, {
      timeMs: this.time(root),
      device: this.name(root, spec.deviceKey),
      point: this.name(root, spec.pointKey),
    });
  }

  readings(json: Json, context: Context): string[] {
    return Array.isArray(json) ? json.flatMap((one) => this.reading(one, context)) : this.reading(json, context);
  }

  reading(json: Json, context: Context): string[] {
    const { spec } = this;
    if (!isObject(json)) {
      if (spec.decoder !== 'auto' || spec.fields.length > 0 || Array.isArray(json)) throw new Fault();
      return [this.row(json, context.device, context.point, context.timeMs, 0)];
    }
    const device = this.name(json, spec.deviceKey) ?? context.device;
    const point = this.name(json, spec.pointKey) ?? context.point;
    const timeMs = this.time(json) ?? context.timeMs;
    const grade = this.grade(json);
    const rows: string[] = [];
    if (spec.fields[0] === '*')
      this.star(json, '', (name, value) => rows.push(this.row(value, device, name, timeMs, grade)));
    else if (spec.fields.length > 0) {
      for (const field of spec.fields) {
        const value = this.valueAt(json, field);
        if (value !== undefined) rows.push(this.row(value, device, field, timeMs, grade));
      }
    } else {
      const path = this.valuePaths.find((alias) => this.valueAt(json, alias) !== undefined);
      if (path !== undefined) rows.push(this.row(this.valueAt(json, path)!, device, point, timeMs, grade));
      else if (spec.decoder === 'auto' && spec.value === 'value' && spec.pointKey === '') {
        this.star(json, '', (name, value) => rows.push(this.row(value, device, name, timeMs, grade)));
      }
    }
    if (rows.length === 0) throw new Fault();
    return rows;
  }

  star(json: JsonObject, prefix: string, add: (name: string, value: number | boolean) => void): void {
    for (const [key, value] of Object.entries(json)) {
      const path = prefix + key;
      if (isObject(value)) {
        if (!this.paths.includes(path) || this.hasPathsBelow(path)) this.star(value, `${path}.`, add);
      } else if (!this.paths.includes(path) && (typeof value === 'number' || typeof value === 'boolean'))
        add(path, value);
    }
  }

  row(
    json: Json,
    device: string | undefined,
    point: string | undefined,
    timeMs: number | undefined,
    grade: number,
  ): string {
    const value = json === null ? NaN : numberOf(json);
    if (!Number.isFinite(value) && json !== null) throw new Fault();
    const quality = (json === null ? 2 | (3 << 3) : grade) | (timeMs === undefined ? 4 : 0);
    return rowText(device, point, timeMs ?? this.nowMs, value, quality);
  }

  /** An object where other paths go on is no value. */
  valueAt(json: JsonObject, path: string): Json | undefined {
    if (path === '') return undefined;
    const found = at(json, path);
    return found !== undefined && isObject(found) && this.hasPathsBelow(path) ? undefined : found;
  }

  hasPathsBelow(path: string): boolean {
    return this.paths.some((other) => other.startsWith(`${path}.`));
  }

  time(json: JsonObject): number | undefined {
    for (const path of this.timePaths) {
      const found = this.valueAt(json, path);
      if (found === undefined || found === null) continue;
      const timeMs = this.timeOf(found);
      if (!(timeMs >= this.limits.timeMinMs && timeMs <= this.limits.timeMaxMs)) throw new Fault();
      return timeMs;
    }
    return undefined;
  }

  timeOf(found: Json): number {
    const format = this.spec.timeFormat;
    if (typeof found === 'string' && (format === 'iso' || format === 'auto') && /^\d{4}-/.test(found)) {
      const zoned = /(Z|[+-]\d\d:\d\d)$/.test(found) || !found.includes('T') ? found : `${found}Z`;
      return Date.parse(zoned);
    }
    if (typeof found !== 'number' && !(typeof found === 'string' && NUMBER_TEXT.test(found))) return NaN;
    if (format === 'iso') return NaN;
    const n = Number(found);
    const size = Math.abs(n);
    let timeMs = n;
    if (format === 's' || (format === 'auto' && size < 1e11)) timeMs = n * 1000;
    else if (format === 'auto' && size >= 1e14) timeMs = size < 1e17 ? n / 1e3 : n / 1e6;
    return Number.isInteger(timeMs) ? timeMs : Math.round(timeMs * 1000) / 1000;
  }

  name(json: JsonObject, path: string): string | undefined {
    const found = this.valueAt(json, path);
    if (found === undefined || found === null) return undefined;
    if (typeof found === 'number' && Number.isSafeInteger(found) && found >= 0) return String(found);
    if (typeof found !== 'string' || found === '') throw new Fault();
    return found;
  }

  grade(json: JsonObject): number {
    const found = this.valueAt(json, this.spec.qualityKey);
    if (found === undefined || found === null) return 0;
    const grade = typeof found === 'string' ? ['good', 'uncertain', 'bad'].indexOf(found.toLowerCase()) : 1;
    return grade < 0 ? 1 : grade;
  }
}

function numberOf(json: Json): number {
  if (typeof json === 'string') return NUMBER_TEXT.test(json) ? Number(json) : NaN;
  return typeof json === 'number' || typeof json === 'boolean' ? Number(json) : NaN;
}

function isObject(json: Json): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function at(json: JsonObject, path: string): Json | undefined {
  let found: Json | undefined = json;
  for (const key of path.split('.')) {
    if (found === undefined || !isObject(found) || !Object.hasOwn(found, key)) return undefined;
    found = found[key];
  }
  return found;
}
