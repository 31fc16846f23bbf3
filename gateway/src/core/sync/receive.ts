/**
 * The consumer's side: turns a manifest into stored points and a receipt. Receiving a segment twice is harmless: its identity decides,
 * never a window of time.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { GatewayError } from '../../base/errors.ts';
import type { PointColumns } from '../model/points.ts';
import type { Series } from '../model/series.ts';
import type { Manifest, Receipt, SegmentIdentity } from './shipment.ts';

export interface DecodedSegment {
  readonly series: readonly Series[];
  readonly points: PointColumns;
}

/** Where received points are kept. Synchronous and durable when a verb returns. */
export interface SinkStore {
  has(id: SegmentIdentity): boolean;
  /** Counts a delivery of what is there already. */
  countDelivery(id: SegmentIdentity): void;
  store(manifest: Manifest, segment: DecodedSegment, atMs: number): void;
}

export interface ReceivePorts {
  readonly store: SinkStore;
  /** The parts in order, or null when one of them is gone from the stream. */
  readonly fetchParts: (manifest: Manifest) => Promise<Uint8Array | null>;
  /** @throws GatewayError `corrupt`. */
  readonly decode: (octets: Uint8Array, what: string) => DecodedSegment;
  readonly clock: Clock;
}

/** @returns the receipt to send. @throws GatewayError `exhausted` or `unavailable` when it could not be stored: try again later. */
export async function receiveSegment(manifest: Manifest, ports: ReceivePorts): Promise<Receipt> {
  const receipt = (status: Receipt['status']): Receipt => {
    const { gateway, epoch, lane, sequence, generation } = manifest;
    return { gateway, epoch, lane, sequence, generation, status, atMs: Math.round(ports.clock.now()) };
  };
  if (ports.store.has(manifest)) {
    ports.store.countDelivery(manifest);
    return receipt('stored');
  }
  const octets = await ports.fetchParts(manifest);
  if (octets === null) return receipt('missing');
  if (octets.length !== manifest.bytes || createHash('sha256').update(octets).digest('hex') !== manifest.sha256)
    return receipt('corrupt');
  let segment: DecodedSegment;
  try {
    segment = ports.decode(octets, `segment ${manifest.gateway} ${manifest.lane} ${manifest.sequence}`);
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'corrupt') return receipt('corrupt');
    throw error;
  }
  if (segment.points.length !== manifest.points) return receipt('corrupt');
  ports.store.store(manifest, segment, ports.clock.now());
  return receipt('stored');
}
