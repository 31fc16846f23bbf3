/** The one door to the client library of NATS. Its types may be imported from its packages anywhere. */
import type * as JetStream from '@nats-io/jetstream';
import type * as Transport from '@nats-io/transport-node';

export interface NatsClient {
  readonly transport: typeof Transport;
  readonly jetstream: typeof JetStream;
}

let loading: Promise<NatsClient> | undefined;
let loaded: NatsClient | undefined;

/**
 * Loads it when it is first asked for, which a gateway without a cloud never does: it takes a tenth of a start, and with it comes node:tls,
 * at whose loading Node reads its 145 root certificates in a thread of their own.
 */
export function natsClient(): Promise<NatsClient> {
  loading ??= load();
  return loading;
}

/** Undefined: nobody has asked for it, so nothing of it can have happened. */
export function loadedClient(): NatsClient | undefined {
  return loaded;
}

/** Without asking first whether JetStream is there: what is done with it says so as well. */
export async function managerOf(connection: Transport.NatsConnection): Promise<JetStream.JetStreamManager> {
  return (await natsClient()).jetstream.jetstreamManager(connection, { checkAPI: false });
}

async function load(): Promise<NatsClient> {
  const [transport, jetstream] = await Promise.all([import('@nats-io/transport-node'), import('@nats-io/jetstream')]);
  loaded = { transport, jetstream };
  return loaded;
}
