import type { StatusDocument } from '../status-report.ts';
import { counted, type GaugeRow, level, quantiles, type Read } from './gauge-row.ts';

type Module = StatusDocument['modules'][number];

const perModule =
  (pick: (module: Module) => number): Read =>
  ({ modules }) =>
    modules.map((module) => ({ value: pick(module), labels: { module: module.name } }));

/** What modules may ask of the host beyond their rates, by kind. */
const dropped: Read = ({ modules }) =>
  modules.flatMap(({ name, dropped: { logLines, metrics, emits } }) =>
    Object.entries({ log: logLines, metric: metrics, emit: emits }).map(([call, value]) => ({
      value,
      labels: { module: name, call },
    })),
  );

export const MODULE_GAUGES: readonly GaugeRow[] = [
  level(
    'gateway_module_running',
    '1 while the module runs',
    perModule((m) => (m.state === 'running' ? 1 : 0)),
  ),
  level(
    'gateway_module_quarantined',
    '1 while the module is in quarantine',
    perModule((m) => (m.state === 'quarantined' ? 1 : 0)),
  ),
  counted(
    'gateway_module_use_calls',
    'Calls of the module',
    perModule((m) => m.calls),
  ),
  counted(
    'gateway_module_use_rows_in',
    'Rows given to the module',
    perModule((m) => m.rowsIn),
  ),
  counted(
    'gateway_module_use_rows_out',
    'Rows the module gave back',
    perModule((m) => m.rowsOut),
  ),
  counted(
    'gateway_module_throttled_rows',
    'Rows left out because the module had used up its fuel of the second',
    perModule((m) => m.throttledRows),
  ),
  counted(
    'gateway_module_fuel',
    'Fuel used',
    perModule((m) => m.fuel),
  ),
  counted(
    'gateway_module_call_ms',
    'Time spent in calls',
    perModule((m) => m.callMs),
    'ms',
  ),
  level(
    'gateway_module_call_latency_ms',
    'Duration of calls, lately',
    ({ modules }) => modules.flatMap((m) => quantiles(m.callP50Ms, m.callP99Ms, { module: m.name })),
    'ms',
  ),
  counted(
    'gateway_module_traps',
    'Traps and breaches of the ABI',
    perModule((m) => m.traps),
  ),
  counted(
    'gateway_module_restarts',
    'Instances made anew after a failure',
    perModule((m) => m.restarts),
  ),
  counted(
    'gateway_module_refusals',
    'Batches the module refused',
    perModule((m) => m.refusals),
  ),
  level(
    'gateway_module_memory_octets',
    'Linear memory',
    perModule((m) => m.memoryBytes),
    'By',
  ),
  counted('gateway_module_dropped', 'Log lines, metrics and events beyond the rates of the module', dropped),
  level('gateway_module_metric', 'What modules have set themselves', ({ modules }) =>
    modules.flatMap(({ name, gauges }) =>
      Object.entries(gauges).map(([metric, value]) => ({ value, labels: { module: name, metric } })),
    ),
  ),
  level('gateway_module_canary_differing_rows', 'Rows in which a canary differs from the live version', ({ modules }) =>
    modules.flatMap(({ name, canary }) =>
      canary === null ? [] : [{ value: canary.rowsDiffering, labels: { module: name } }],
    ),
  ),
];
