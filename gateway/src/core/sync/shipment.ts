/** Names of what is sent: segments, their parts, manifests and receipts. Shared by the gateway's side and the sink's. */
import { GatewayError } from '../../base/errors.ts';
import { LANES, type Lane } from '../model/series.ts';

/** One segment, wherever it is: the consumer is idempotent on this. */
export interface SegmentIdentity {
  readonly gateway: string;
  readonly epoch: string;
  readonly lane: Lane;
  readonly sequence: number;
}

/** One attempt to send it; the generation stands in every message id and subject. */
export interface ShipmentIdentity extends SegmentIdentity {
  readonly generation: number;
}

/** What the commit message carries: with it the consumer fetches the parts and checks that it has the whole. */
export interface Manifest extends ShipmentIdentity {
  readonly format: 'tgs1';
  readonly points: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly parts: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly sealedMs: number;
}

/** `stored`: every point is in the consumer's durable store. `missing`: parts are gone from the stream; send it anew. */
export interface Receipt extends ShipmentIdentity {
  readonly status: 'stored' | 'missing' | 'corrupt';
  readonly atMs: number;
}

const ROOT = 'tidegate.v1';

export const SUBJECTS = {
  /** What the stream must capture. */
  stream: [`${ROOT}.part.>`, `${ROOT}.commit.>`],
  allCommits: `${ROOT}.commit.>`,
  part: (id: ShipmentIdentity, index: number) => `${ROOT}.part.${path(id)}.${id.generation}.${index}`,
  partsOf: (id: ShipmentIdentity) => `${ROOT}.part.${path(id)}.${id.generation}.*`,
  commit: (id: ShipmentIdentity) => `${ROOT}.commit.${path(id)}.${id.generation}`,
  /** Outside the stream: the consumer's word, lost when nobody listens; then `reconcile` is asked. */
  receipts: (gateway: string) => `${ROOT}.receipt.${gateway}`,
  reconcile: `${ROOT}.reconcile`,
} as const;

export function partMessageId(id: ShipmentIdentity, index: number): string {
  return `${path(id)}.${id.generation}.part.${index}`;
}

export function commitMessageId(id: ShipmentIdentity): string {
  return `${path(id)}.${id.generation}.commit`;
}

function path(id: SegmentIdentity): string {
  return `${id.gateway}.${id.epoch}.${id.lane}.${id.sequence}`;
}

/** @throws GatewayError `invalid`. */
export function parseManifest(text: string): Manifest {
  const raw = parseRecord(text, 'manifest');
  return {
    ...parseShipment(raw, 'manifest'),
    format: field(raw, 'format', (v) => v === 'tgs1', '"tgs1"', 'manifest') as 'tgs1',
    points: whole(raw, 'points', 'manifest'),
    bytes: whole(raw, 'bytes', 'manifest'),
    sha256: field(
      raw,
      'sha256',
      (v) => typeof v === 'string' && /^[0-9a-f]{64}$/.test(v),
      'a SHA-256 in hex',
      'manifest',
    ) as string,
    parts: whole(raw, 'parts', 'manifest'),
    firstMs: number(raw, 'firstMs', 'manifest'),
    lastMs: number(raw, 'lastMs', 'manifest'),
    sealedMs: number(raw, 'sealedMs', 'manifest'),
  };
}

/** @throws GatewayError `invalid`. */
export function parseReceipt(text: string): Receipt {
  const raw = parseRecord(text, 'receipt');
  const isStatus = (v: unknown) => v === 'stored' || v === 'missing' || v === 'corrupt';
  return {
    ...parseShipment(raw, 'receipt'),
    status: field(raw, 'status', isStatus, 'stored, missing or corrupt', 'receipt') as Receipt['status'],
    atMs: number(raw, 'atMs', 'receipt'),
  };
}

/** A question and answer about at most this many segments. */
export const RECONCILE_MAX = 256;

/** @throws GatewayError `invalid`. */
export function parseSegmentList(text: string): SegmentIdentity[] {
  const raw = parseRecord(text, 'reconciliation');
  const list = raw.segments;
  if (!Array.isArray(list) || list.length > RECONCILE_MAX) {
    throw new GatewayError('invalid', `reconciliation: a list of at most ${RECONCILE_MAX} segments expected`);
  }
  return list.map((item) => parseSegment(item as Record<string, unknown>, 'reconciliation'));
}

function parseRecord(text: string, what: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new GatewayError('invalid', `${what}: JSON expected`, { cause: error });
  }
  if (typeof parsed !== 'object' || parsed === null)
    throw new GatewayError('invalid', `${what}: a JSON object expected`);
  return parsed as Record<string, unknown>;
}

function parseShipment(raw: Record<string, unknown>, what: string): ShipmentIdentity {
  return { ...parseSegment(raw, what), generation: whole(raw, 'generation', what) };
}

function parseSegment(raw: Record<string, unknown>, what: string): SegmentIdentity {
  const isToken = (v: unknown) => typeof v === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(v);
  return {
    gateway: field(raw, 'gateway', isToken, 'a name', what) as string,
    epoch: field(raw, 'epoch', isToken, 'a name', what) as string,
    lane: field(
      raw,
      'lane',
      (v) => (LANES as readonly unknown[]).includes(v),
      `one of ${LANES.join(', ')}`,
      what,
    ) as Lane,
    sequence: whole(raw, 'sequence', what),
  };
}

function whole(raw: Record<string, unknown>, key: string, what: string): number {
  return field(raw, key, (v) => Number.isSafeInteger(v) && (v as number) >= 0, 'a whole number', what) as number;
}

function number(raw: Record<string, unknown>, key: string, what: string): number {
  return field(raw, key, Number.isFinite, 'a number', what) as number;
}

function field(
  raw: Record<string, unknown>,
  key: string,
  isValid: (v: unknown) => boolean,
  expected: string,
  what: string,
): unknown {
  if (!isValid(raw[key])) {
    throw new GatewayError(
      'invalid',
      `${what}: ${key}: ${expected} expected, ${JSON.stringify(raw[key])?.slice(0, 80)} found`,
    );
  }
  return raw[key];
}
