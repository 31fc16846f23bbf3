import { type ModuleStatus, NO_COUNTS } from '../../core/modules/status.ts';
import type { ModuleUse } from '../../core/modules/use.ts';
import type { Provenance } from './module-library.ts';
import type { ModuleSpec } from './module-spec.ts';

/** What main knows of one use of a module besides how it runs. */
export interface ModuleEntry {
  readonly use: ModuleUse;
  /** Null: it could not be loaded. */
  readonly spec: ModuleSpec | null;
  readonly provenance: Provenance | null;
  /** Why it is not running at all; null when it is, or is disabled. */
  readonly refusal: string | null;
}

/** One module as the page and `tidegate module list` show it. */
export interface ModuleReport extends ModuleStatus {
  readonly origin: ModuleUse['origin'];
  readonly inputs: ModuleUse['inputs'];
  readonly previous: string | null;
  readonly publisher: string | null;
  readonly trust: string;
  readonly from: string;
}

export function blankStatus({ name, manifest }: ModuleSpec): ModuleStatus {
  return { ...NEVER_CALLED, name, module: manifest.id, version: manifest.version, state: 'running' };
}

export function reportOf(
  { use, provenance, refusal, spec }: ModuleEntry,
  status: ModuleStatus | undefined,
): ModuleReport {
  const idle: ModuleStatus = {
    ...NEVER_CALLED,
    name: use.name,
    module: use.module,
    version: spec?.manifest.version ?? use.version ?? '',
    state: refusal !== null ? 'refused' : use.enabled ? 'backing_off' : 'disabled',
    error: refusal,
  };
  return {
    ...(status ?? idle),
    origin: use.origin,
    inputs: use.inputs,
    previous: use.previous,
    publisher: provenance?.publisher ?? null,
    trust: provenance?.trust ?? '',
    from: provenance?.from ?? '',
  };
}

const NEVER_CALLED = {
  ...NO_COUNTS,
  seriesRead: [],
  lastCallTookMs: 0,
  callP50Ms: null,
  callP99Ms: null,
  memoryBytes: 0,
  error: null,
  failures: 0,
  dropped: { logLines: 0, metrics: 0, emits: 0 },
  gauges: {},
  canary: null,
} as const;
