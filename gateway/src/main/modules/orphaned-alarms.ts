import { once } from 'node:events';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { allocatePoints } from '../../core/model/points.ts';
import { ALARM_STATE } from '../../core/model/quality.ts';
import type { Series } from '../../core/model/series.ts';
import type { DerivedMessage } from '../thread-messages.ts';

export interface OrphanedAlarmsParts {
  /** Names of the modules that run. */
  readonly running: ReadonlySet<string>;
  /** Alarm series that stand raised. */
  readonly raised: readonly number[];
  readonly series: readonly Series[];
  readonly connectStore: (port: MessagePort) => Promise<void>;
  /** Unix epoch milliseconds. */
  readonly nowMs: number;
}

/** `<input point>!<module>.<output>`, as `DerivedRegistry` names what modules put out. */
const DERIVED_POINT = /!([^!.]+)\.[^!]*$/;

/**
 * Clears, without a value, alarms of modules that do not run any more, such as one that was taken out of the configuration while the gateway stood:
 * nobody else ever would. Resolves when that is on disk.
 * @returns names of those modules.
 */
export async function clearOrphanedAlarms(parts: OrphanedAlarmsParts): Promise<string[]> {
  const { running, raised, series, connectStore, nowMs } = parts;
  const raisedIds = new Set(raised);
  const orphans = series
    .filter(({ id }) => raisedIds.has(id))
    .map(({ id, point }) => ({ id, module: DERIVED_POINT.exec(point)?.[1] }))
    .filter(({ module }) => module !== undefined && !running.has(module));
  if (orphans.length === 0) return [];
  const points = allocatePoints(orphans.length);
  points.length = orphans.length;
  points.timeMs.fill(nowMs);
  points.value.fill(Number.NaN);
  points.series.set(orphans.map(({ id }) => id));
  points.quality.fill(ALARM_STATE.cleared);
  const { port1, port2 } = new MessageChannel();
  await connectStore(port1);
  const committed = once(port2, 'message');
  port2.postMessage({ lane: 'alarm', points, shed: {}, newSeries: [] } satisfies DerivedMessage);
  await committed;
  port2.close();
  return [...new Set(orphans.map(({ module }) => module!))];
}
