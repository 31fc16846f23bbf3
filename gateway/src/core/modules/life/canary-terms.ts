import { GatewayError } from '../../../base/errors.ts';
import type { CanaryReport } from '../comparison.ts';
import type { ModuleStatus } from '../status.ts';

/** When a canary may go live, and for how long it is watched after that. Kept in the saga. */
export interface CanaryTerms {
  /** How long both versions run beside each other, ms. */
  readonly compareMs: number;
  /** Share of the output rows that may differ, 0..1. 1: outputs are not compared. */
  readonly differingMax: number;
  /** Fuel the canary may use for each unit that the live version uses. */
  readonly fuelRatioMax: number;
  /** How long the new version is watched once it is live, with the old one still beside it, ms. */
  readonly watchMs: number;
}

export const DEFAULT_TERMS: CanaryTerms = { compareMs: 10_000, differingMax: 0, fuelRatioMax: 2, watchMs: 10_000 };

const HOUR_MS = 3_600_000;
/** Below this the ratio of fuel says nothing. */
const FUEL_COMPARED_FROM = 100_000;

/** Terms as given, defaults in place of what is left out. @throws GatewayError `invalid`. */
export function parseTerms(raw: unknown): CanaryTerms {
  const given = (raw ?? {}) as Partial<CanaryTerms>;
  const terms = { ...DEFAULT_TERMS, ...given };
  const check = (name: keyof CanaryTerms, max: number) => {
    if (!(typeof terms[name] === 'number' && terms[name] >= 0 && terms[name] <= max)) {
      throw new GatewayError('invalid', `canary: ${name}: 0..${max} expected, ${terms[name]} found`);
    }
  };
  check('compareMs', HOUR_MS);
  check('watchMs', HOUR_MS);
  check('differingMax', 1);
  check('fuelRatioMax', 1000);
  return terms;
}

/** Why the canary must not go live; null while all is well. */
export function faultOfCanary(report: CanaryReport, terms: CanaryTerms): string | null {
  if (report.failures > 0) return `the canary failed: ${report.error ?? 'trap'}`;
  const rows = Math.max(report.rowsLive, report.rowsCanary);
  // A row that only one version says differs once; one that both say differently, by name or time, differs twice.
  const isCompared = report.notCarried === null && terms.differingMax < 1;
  if (isCompared && report.rowsDiffering > terms.differingMax * rows) {
    const most = terms.differingMax === 0 ? 'no row that differs' : `at most ${terms.differingMax * 100} % of the rows`;
    return `outputs differ: ${most} expected, ${report.rowsDiffering} beside ${rows} rows found`;
  }
  const ratio = report.fuelCanary / Math.max(1, report.fuelLive);
  if (report.fuelCanary > FUEL_COMPARED_FROM && ratio > terms.fuelRatioMax) {
    return `fuel: at most ${terms.fuelRatioMax} times the live version's expected, ${ratio.toFixed(2)} times found`;
  }
  return null;
}

/** What health is measured from. */
export type HealthMark = Pick<ModuleStatus, 'traps' | 'refusals' | 'throttledRows'>;

/** Why a module is not well; null while it is. */
export function faultOfHealth(status: ModuleStatus | undefined, since: HealthMark): string | null {
  if (status === undefined) return 'it does not run';
  if (status.state !== 'running') return `it is ${status.state.replace('_', ' ')}: ${status.error}`;
  if (status.traps > since.traps) return `it trapped: ${status.error}`;
  if (status.refusals > since.refusals) return `it refuses batches: ${status.error}`;
  if (status.throttledRows > since.throttledRows) return 'it uses more fuel a second than it may';
  return null;
}
