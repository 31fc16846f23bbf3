/** What functions ask of the store worker, answered in this process from SQLite on disk. */
import type { SqliteEventQueue } from '../../../gateway/src/adapters/sqlite/event-queue.ts';
import type { Remote } from '../../../gateway/src/adapters/threads/rpc.ts';
import { systemClock } from '../../../gateway/src/base/clock.ts';
import type { StoreVerbs } from '../../../gateway/src/main/thread-messages.ts';

/** @param onAdded these functions have something new in their queues. */
export function queueVerbs(queue: SqliteEventQueue, onAdded: (functions: readonly string[]) => void) {
  const now = () => systemClock.now();
  return {
    dueEvents: async (...args) => queue.due(...args),
    nextEventMs: async (...args) => queue.nextDueMs(...args),
    settleEvents: async (settlements) => queue.settle(settlements, now()),
    addEvents: async (events) => {
      queue.add(events, now());
      onAdded(events.map(({ fn }) => fn));
    },
    addDeadLetter: async (...args) => queue.addDead(...args, now()),
    retryDeadLetter: async (id) => {
      const fn = queue.retryDead(id, now());
      onAdded([fn]);
      return fn;
    },
    dropDeadLetter: async (id) => queue.dropDead(id),
    eventCounts: async () => queue.counts(),
    timerLastMs: async (...args) => queue.timerLastMs(...args),
    timerFired: async (...args) => {
      queue.timerFired(...args, now());
      onAdded([args[0]]);
    },
    keepTimers: async (timers) => queue.keepTimers(timers),
  } satisfies Partial<Remote<StoreVerbs>>;
}
