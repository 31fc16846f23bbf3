import type { DurationSummary } from '../../core/functions/duration-histogram.ts';
import type { StatusDocument } from '../status-report.ts';
import { counted, type GaugeRow, level, quantiles, type Read } from './gauge-row.ts';

const perFunction =
  (pick: (fn: StatusDocument['functions'][number]) => number): Read =>
  (status) =>
    status.functions.map((fn) => ({ value: pick(fn), labels: { function: fn.name } }));

const perFunctionQuantile =
  (pick: (fn: StatusDocument['functions'][number]) => DurationSummary): Read =>
  (status) =>
    status.functions.flatMap((fn) => {
      const { p50Ms, p99Ms } = pick(fn);
      return quantiles(p50Ms, p99Ms, { function: fn.name });
    });

export const FUNCTION_GAUGES: readonly GaugeRow[] = [
  level(
    'gateway_function_running',
    '1 while the function runs',
    perFunction((f) => (f.state === 'running' ? 1 : 0)),
  ),
  level(
    'gateway_function_queued',
    'Events that wait',
    perFunction((f) => f.queued),
  ),
  level(
    'gateway_function_dead_letters',
    'Dead letters kept',
    perFunction((f) => f.dead),
  ),
  level(
    'gateway_function_instances',
    'Instances',
    perFunction((f) => f.instances),
  ),
  level(
    'gateway_function_active',
    'Calls that run',
    perFunction((f) => f.active),
  ),
  counted(
    'gateway_function_calls',
    'Calls that ended',
    perFunction((f) => f.calls),
  ),
  counted(
    'gateway_function_failures',
    'Calls that failed',
    perFunction((f) => f.failures),
  ),
  counted(
    'gateway_function_retries',
    'Failed tries of events that were tried again',
    perFunction((f) => f.retries),
  ),
  counted(
    'gateway_function_dead',
    'Events that became dead letters after their last try',
    perFunction((f) => f.deadLettered),
  ),
  counted(
    'gateway_function_overflowed',
    'Events that found the queue full',
    perFunction((f) => f.overflowed),
  ),
  counted(
    'gateway_function_dropped',
    'Dead letters that gave way to newer ones',
    perFunction((f) => f.dropped),
  ),
  counted(
    'gateway_function_cold_starts',
    'Calls that waited for an instance',
    perFunction((f) => f.coldStarts),
  ),
  counted(
    'gateway_function_warm_calls',
    'Calls that found an instance',
    perFunction((f) => f.warmCalls),
  ),
  counted(
    'gateway_function_prewarmed',
    'Instances made ahead',
    perFunction((f) => f.prewarmed),
  ),
  counted(
    'gateway_function_reclaimed',
    'Instances taken back',
    perFunction((f) => f.reclaimed),
  ),
  {
    name: 'gateway_function_cold_start_ms',
    unit: 'ms',
    help: 'From the wish for an instance to its first call, since the start',
    read: perFunctionQuantile((f) => f.coldStart),
  },
  {
    name: 'gateway_function_duration_ms',
    unit: 'ms',
    help: 'Duration of calls, the wait for an instance included, since the start',
    read: perFunctionQuantile((f) => f.duration),
  },
  {
    name: 'gateway_function_duration_bucket',
    unit: '1',
    help: 'Calls that took at most le ms, since the start',
    read: (status) =>
      status.functions.flatMap(({ name, durations, calls }) => [
        ...durations.map(({ leMs, count }) => ({ value: count, labels: { function: name, le: String(leMs) } })),
        { value: calls, labels: { function: name, le: '+Inf' } },
      ]),
  },
  {
    name: 'gateway_function_metric',
    unit: '1',
    help: 'What functions have set themselves',
    read: (status) =>
      status.functions.flatMap(({ name, gauges }) =>
        Object.entries(gauges).map(([metric, value]) => ({ value, labels: { function: name, metric } })),
      ),
  },
];
