import type { NatsConnection } from '@nats-io/transport-node';
import { SUBJECTS } from '../../core/sync/shipment.ts';
import { managerOf, natsClient } from './client.ts';
import { natsError } from './errors.ts';

/**
 * Makes the stream when it is not there. It drops its oldest messages at its bound: harmless, because each gateway has no more
 * than its window unconfirmed, and sends anew what was dropped before the consumer had it.
 * @throws GatewayError `unavailable` or `denied`.
 */
export async function ensureStream(connection: NatsConnection, stream: string, bytesMax: number): Promise<void> {
  try {
    const { DiscardPolicy, RetentionPolicy, StorageType } = (await natsClient()).jetstream;
    const manager = await managerOf(connection);
    await manager.streams.add({
      name: stream,
      subjects: [...SUBJECTS.stream],
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      discard: DiscardPolicy.Old,
      max_bytes: bytesMax,
      allow_direct: true,
      duplicate_window: 120e9,
    });
  } catch (error) {
    throw natsError(`make stream ${stream}`, error);
  }
}
