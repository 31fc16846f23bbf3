import type { Lane } from '../model/series.ts';
import type { Manifest, ShipmentIdentity } from './shipment.ts';

/** A segment that stands ready to be sent, as the store knows it. */
export interface SealedSegment {
  readonly points: number;
  readonly bytes: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly sealedMs: number;
  readonly sha256: string;
}

/** The store's side of a shipment. Every verb may be called twice. */
export interface Outbox {
  /**
   * Checks the file against its checksums and its row.
   * @throws GatewayError `corrupt` when it is damaged, `not_found` when it has been expired or is gone.
   */
  verify(lane: Lane, sequence: number): Promise<SealedSegment>;
  read(lane: Lane, sequence: number): Promise<Uint8Array>;
  /** The points leave the queue for good: into `confirmed`, or, when the file is damaged, into `quarantined`. */
  confirm(lane: Lane, sequence: number): Promise<void>;
  quarantine(lane: Lane, sequence: number): Promise<void>;
}

/** What the world says of a shipment whose receipt has not come. */
export type ReceiptVerdict = 'stored' | 'lost' | 'unknown';

/** The cloud's side. Every verb waits for the link, until the signal aborts, and may be called twice. */
export interface SegmentTransport {
  readonly isUp: boolean;
  uploadPart(id: ShipmentIdentity, index: number, octets: Uint8Array, signal: AbortSignal): Promise<void>;
  removeParts(id: ShipmentIdentity, signal: AbortSignal): Promise<void>;
  /** After the first call nobody may say that the segment was not sent. */
  commit(manifest: Manifest, signal: AbortSignal): Promise<void>;
  /** Waits for the consumer's word; asks for it when it does not come by itself. */
  awaitReceipt(id: ShipmentIdentity, signal: AbortSignal): Promise<ReceiptVerdict>;
}
