import { formatDuration } from '../../base/units.ts';
import type { Config } from '../../config/settings.ts';
import { DurationHistogram } from '../../core/functions/duration-histogram.ts';
import type { QueueCounts } from '../../core/functions/ports.ts';
import type { FunctionStatus, PoolCounts } from '../../core/functions/status.ts';
import type { RunningFunction } from './running-function.ts';

type Entry = Config['function'][number];

const NO_QUEUE: QueueCounts = { queued: 0, dead: 0, dropped: 0, overflowed: 0 };
const NONE = new DurationHistogram().summary();
const NEVER_CALLED: PoolCounts = {
  instances: 0,
  active: 0,
  coldStarts: 0,
  coldStart: NONE,
  prewarmed: 0,
  warmCalls: 0,
  reclaimed: 0,
  calls: 0,
  failures: 0,
  duration: NONE,
  durations: [],
  lastError: null,
};

/** @param running undefined: it does not run. @param error why it was refused; null when it was not. */
export function functionStatus(
  entry: Entry,
  running: RunningFunction | undefined,
  error: string | null,
  queue: QueueCounts = NO_QUEUE,
): FunctionStatus {
  return {
    name: entry.name,
    module: entry.module,
    version: running?.module.manifest.version ?? '',
    state: !entry.enabled ? 'disabled' : running === undefined ? 'refused' : 'running',
    concurrency: entry.concurrency,
    triggers: entry.trigger.map(describeTrigger),
    retries: running?.retries ?? 0,
    deadLettered: running?.deadLettered ?? 0,
    gauges: running?.gauges ?? {},
    error,
    ...(running?.pool.counts() ?? NEVER_CALLED),
    ...queue,
  };
}

function describeTrigger(trigger: Entry['trigger'][number]): string {
  const { type, topic, every, cron, timezone, stream, subject, series, state, path, event } = trigger;
  const details = {
    mqtt: topic,
    timer: every > 0 ? `every ${formatDuration(every)}` : `${cron} ${timezone}`,
    jetstream: subject === '' ? stream : `${stream} ${subject}`,
    alarm: `${series} ${state}`,
    http: path === '' ? '/' : path,
    emitted: event,
  };
  return `${type} ${details[type]}`;
}
