/** A vector: input and the answers worked out by hand. Form: modules/README.md, and docs/guide/module-authors.md. */
import * as fs from 'node:fs';
import { basename, join } from 'node:path';
import { GatewayError } from '../../base/errors.ts';
import type { ModuleManifest } from '../../core/modules/manifest.ts';

export interface VectorRow {
  readonly ts: number;
  /** Null: not a number. */
  readonly v: number | null;
  readonly id: number;
  readonly quality?: number;
  /** Of input: the configured input's number. */
  readonly channel?: number;
}

/** Channel by name; what is left out of `quality` and `state` is 0. */
export interface ExpectedRow extends Omit<VectorRow, 'channel'> {
  readonly channel: string;
  readonly state?: number;
}

/** Data as text, or as base64 for what is none. */
export interface VectorEvent {
  readonly attributes?: Readonly<Record<string, string>>;
  readonly data?: string;
  readonly dataBase64?: string;
}

export type VectorStep =
  | { readonly batch: readonly VectorRow[] }
  | { readonly tick: number }
  | { readonly event: VectorEvent };

/** Rows of a batch or tick, a reply (null: success without one), or −errno. */
export type Expected = readonly ExpectedRow[] | VectorEvent | null | number;

export interface Vector {
  /** Name of its file. */
  readonly name: string;
  readonly about: string;
  /** Numbers of each input in the order of the manifest's `config`; null is "not set". */
  readonly config: readonly (readonly (number | null)[])[];
  readonly steps: readonly VectorStep[];
  readonly expect: readonly Expected[];
}

const VECTORS_MAX = 1000;
const VECTOR_BYTES_MAX = 16 << 20;

/** Every vector of a project, in order of name. @throws GatewayError `invalid` naming file and fault, `not_found` when there is none. */
export function readVectors(folder: string, manifest: ModuleManifest): Vector[] {
  const vectors = join(folder, 'vectors');
  const names = fs.existsSync(vectors) ? fs.readdirSync(vectors).filter((name) => name.endsWith('.json')) : [];
  if (names.length === 0) {
    throw new GatewayError('not_found', `${vectors}: at least one .json expected, none found`, {
      hint: 'A vector is what the module must answer to some input; docs/guide/module-authors.md shows one.',
    });
  }
  if (names.length > VECTORS_MAX)
    throw new GatewayError('invalid', `${vectors}: at most ${VECTORS_MAX} vectors expected, ${names.length} found`);
  return names.sort().map((name) => readVector(join(vectors, name), manifest));
}

function readVector(path: string, manifest: ModuleManifest): Vector {
  const size = fs.statSync(path).size;
  if (size > VECTOR_BYTES_MAX)
    throw new GatewayError('invalid', `${path}: at most ${VECTOR_BYTES_MAX} octets expected, ${size} found`);
  let raw: unknown;
  try {
    raw = JSON.parse(fs.readFileSync(path, 'utf8'));
  } catch (error) {
    throw new GatewayError('invalid', `${path}: JSON expected`, { cause: error });
  }
  const fault = faultOf(raw as Vector, manifest);
  if (fault !== undefined) throw new GatewayError('invalid', `${path}: ${fault}`);
  return { ...(raw as Vector), name: basename(path) };
}

function faultOf(vector: Vector, { config, outputs, kind }: ModuleManifest): string | undefined {
  if (typeof vector !== 'object' || vector === null) return 'an object expected';
  const { steps, expect } = vector;
  if (!Array.isArray(vector.config)) return 'config: a list of numbers for each input expected';
  const wrongRow = vector.config.findIndex((row) => !Array.isArray(row) || row.length !== config.length);
  if (wrongRow >= 0)
    return `config[${wrongRow}]: ${config.length} numbers expected (${config.map((f) => f.name).join(', ')})`;
  if (!Array.isArray(steps) || !Array.isArray(expect)) return 'steps and expect: lists expected';
  if (steps.length !== expect.length)
    return `expect: one for each of ${steps.length} steps expected, ${expect.length} found`;
  const names = outputs.map(({ name }) => name);
  for (const [index, step] of steps.entries()) {
    const fault = stepFault(step, kind) ?? expectFault(expect[index], kind, names);
    if (fault !== undefined) return `step ${index}: ${fault}`;
  }
  return undefined;
}

function stepFault(step: VectorStep, kind: ModuleManifest['kind']): string | undefined {
  const [word] = Object.keys(step ?? {});
  const allowed = kind === 'function' ? ['event'] : ['batch', 'tick'];
  if (word === undefined || !allowed.includes(word)) return `${allowed.join(' or ')} expected, ${word} found`;
  if ('tick' in step) return Number.isFinite(step.tick) ? undefined : 'tick: milliseconds expected';
  if ('event' in step) return undefined;
  const wrong = step.batch.findIndex(
    (row) => !Number.isFinite(row?.ts) || !isValue(row.v) || !Number.isInteger(row.id),
  );
  return wrong < 0 ? undefined : `batch[${wrong}]: {ts, v, id} expected, ${JSON.stringify(step.batch[wrong])} found`;
}

function expectFault(
  expected: Expected | undefined,
  kind: ModuleManifest['kind'],
  names: readonly string[],
): string | undefined {
  if (typeof expected === 'number') return undefined;
  if (kind === 'function') return Array.isArray(expected) ? 'expect: a reply, null or −errno expected' : undefined;
  if (!Array.isArray(expected)) return 'expect: a list of rows or −errno expected';
  const wrong = (expected as ExpectedRow[]).find((row) => !names.includes(row?.channel) || !isValue(row.v));
  return wrong && `expect: channel one of ${names.join(', ')} and a number v expected, ${JSON.stringify(wrong)} found`;
}

const isValue = (v: unknown): boolean => v === null || Number.isFinite(v);
