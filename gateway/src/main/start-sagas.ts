import type { Remote } from '../adapters/threads/rpc.ts';
import { systemClock } from '../base/clock.ts';
import { describeError } from '../base/errors.ts';
import { seededRandom } from '../base/random.ts';
import { millis } from '../base/units.ts';
import { isFinal, type SagaDefinition } from '../core/model/saga.ts';
import { SagaEngine } from '../core/sagas/engine.ts';
import { SHIP_SEGMENT } from '../core/sync/ship-segment.ts';
import type { Log } from './service/log.ts';
import type { StoreVerbs } from './thread-messages.ts';

/** How long running sagas may take to end when the gateway stops. */
export const SAGA_GRACE = millis(2000);

/** The engine, over the store worker; not started. */
export function createSagaEngine(
  definitions: readonly SagaDefinition[],
  store: Remote<StoreVerbs>,
  log: Log,
): SagaEngine {
  return new SagaEngine(definitions, {
    journal: {
      record: (change) => store.recordSaga(change),
      active: () => store.activeSagas(),
      pending: (name, perPriority) => store.pendingSagas(name, perPriority),
      find: (sagaId) => store.findSaga(sagaId),
    },
    clock: systemClock,
    random: seededRandom(process.pid),
    onChange: ({ id, definition, state, error }) => {
      if (definition === SHIP_SEGMENT || !isFinal(state)) return;
      log(state === 'succeeded' ? 'info' : 'warn', `saga ${id}: ${state}${error === null ? '' : `: ${error}`}`);
    },
    onError: (error, saga) => log('error', `saga ${saga}: ${describeError(error)}`),
  });
}
