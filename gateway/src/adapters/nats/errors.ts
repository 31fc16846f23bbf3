import { JetStreamApiError } from '@nats-io/jetstream';
import { NoRespondersError, PermissionViolationError } from '@nats-io/transport-node';
import { GatewayError } from '../../base/errors.ts';

/** "Wrong last sequence": the subject holds a message already. @see https://docs.nats.io/reference/reference-protocols/nats_api_reference */
export const WRONG_LAST_SEQUENCE = 10071;

/** Names the action; refusals are `denied`, a missing stream and everything that time may mend is `unavailable`. */
export function natsError(action: string, error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  if (error instanceof PermissionViolationError) {
    return new GatewayError('denied', `${action}: not permitted`, {
      cause: error,
      hint: 'Check the permissions of the NATS user.',
    });
  }
  if (error instanceof NoRespondersError) {
    return new GatewayError('unavailable', `${action}: nobody answers`, {
      cause: error,
      hint: 'Is JetStream enabled, and does the stream exist (sync.stream, sync.stream_create)?',
    });
  }
  if (
    error instanceof JetStreamApiError &&
    error.status >= 400 &&
    error.status < 500 &&
    error.status !== 404 &&
    error.status !== 408
  ) {
    return new GatewayError('denied', `${action}: refused with code ${error.code}: ${error.message}`, { cause: error });
  }
  return new GatewayError('unavailable', action, { cause: error });
}
