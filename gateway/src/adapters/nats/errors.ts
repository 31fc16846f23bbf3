import { GatewayError } from '../../base/errors.ts';
import { loadedClient, type NatsClient } from './client.ts';

/** "Wrong last sequence": the subject holds a message already. @see https://docs.nats.io/reference/reference-protocols/nats_api_reference */
const WRONG_LAST_SEQUENCE = 10071;

export function isWrongLastSequence(error: unknown): boolean {
  const client = loadedClient();
  return (
    client !== undefined && error instanceof client.jetstream.JetStreamApiError && error.code === WRONG_LAST_SEQUENCE
  );
}

/** Names the action; refusals are `denied`, a missing stream and everything that time may mend is `unavailable`. */
export function natsError(action: string, error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const client = loadedClient();
  return (client && refusal(action, error, client)) ?? new GatewayError('unavailable', action, { cause: error });
}

/** Null: none of those that have a meaning of their own. */
function refusal(action: string, error: unknown, { transport, jetstream }: NatsClient): GatewayError | null {
  if (error instanceof transport.PermissionViolationError) {
    return new GatewayError('denied', `${action}: not permitted`, {
      cause: error,
      hint: 'Check the permissions of the NATS user.',
    });
  }
  if (error instanceof transport.NoRespondersError) {
    return new GatewayError('unavailable', `${action}: nobody answers`, {
      cause: error,
      hint: 'Is JetStream enabled, and does the stream exist (sync.stream, sync.stream_create)?',
    });
  }
  if (
    error instanceof jetstream.JetStreamApiError &&
    error.status >= 400 &&
    error.status < 500 &&
    error.status !== 404 &&
    error.status !== 408
  ) {
    return new GatewayError('denied', `${action}: refused with code ${error.code}: ${error.message}`, { cause: error });
  }
  return null;
}
