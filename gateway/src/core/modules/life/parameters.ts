/** Parameters of the sagas of modules, parsed where they come in and again when a saga is resumed. */
import { GatewayError } from '../../../base/errors.ts';
import type { ModuleInput } from '../use.ts';
import { type CanaryTerms, parseTerms } from './canary-terms.ts';
import type { OfUse } from './steps.ts';

export interface InstallParameters extends OfUse {
  /** Of a package that was handed in. */
  readonly digest: string;
  readonly inputs: readonly ModuleInput[];
  readonly enabled: boolean;
}

export interface UpgradeParameters extends OfUse {
  readonly digest: string;
  readonly terms: CanaryTerms;
}

export interface ConfigureParameters extends OfUse {
  /** Left out: as they are. */
  readonly inputs?: readonly ModuleInput[];
  readonly enabled?: boolean;
  readonly watchMs?: number;
}

const INPUTS_MAX = 128;
const WATCH_MS_MAX = 3_600_000;

type Raw = Readonly<Record<string, unknown>>;

export function parseInstall(raw: unknown): InstallParameters {
  const { digest, inputs, enabled = true } = raw as Raw;
  const name = nameOf(raw);
  check(typeof enabled === 'boolean', 'enabled', 'true or false', enabled);
  return { name, digest: digestOf(digest), inputs: parseInputs(inputs), enabled: enabled as boolean };
}

/** A package of functions: its uses stand in the configuration. */
export interface AddParameters extends OfUse {
  readonly digest: string;
}

/** `name` is the module's identifier. */
export function parseAdd(raw: unknown): AddParameters {
  const { digest } = raw as Raw;
  return { name: nameOf(raw), digest: digestOf(digest) };
}

export function parseUpgrade(raw: unknown): UpgradeParameters {
  const { digest, terms } = raw as Raw;
  return { name: nameOf(raw), digest: digestOf(digest), terms: parseTerms(terms) };
}

export function parseOfUse(raw: unknown): OfUse {
  return { name: nameOf(raw) };
}

export function parseConfigure(raw: unknown): ConfigureParameters {
  const { inputs, enabled, watchMs } = raw as Raw;
  const isSpan = watchMs === undefined || (typeof watchMs === 'number' && watchMs >= 0 && watchMs <= WATCH_MS_MAX);
  check(isSpan, 'watchMs', `0..${WATCH_MS_MAX}`, watchMs);
  check(enabled === undefined || typeof enabled === 'boolean', 'enabled', 'true or false', enabled);
  return {
    name: nameOf(raw),
    ...(inputs !== undefined && { inputs: parseInputs(inputs) }),
    ...(enabled !== undefined && { enabled: enabled as boolean }),
    ...(watchMs !== undefined && { watchMs: watchMs as number }),
  };
}

/** @throws GatewayError `invalid`. */
export function parseInputs(raw: unknown): ModuleInput[] {
  const isInput = (one: unknown) => {
    const { series, config = {} } = (one ?? {}) as Partial<ModuleInput>;
    const isTable = typeof config === 'object' && config !== null;
    return typeof series === 'string' && series !== '' && isTable && Object.values(config).every(Number.isFinite);
  };
  const isList = Array.isArray(raw) && raw.length >= 1 && raw.length <= INPUTS_MAX && raw.every(isInput);
  check(isList, 'inputs', `1 to ${INPUTS_MAX} of {series, config}`, raw);
  return (raw as ModuleInput[]).map(({ series, config = {} }) => ({ series, config }));
}

function nameOf(raw: unknown): string {
  const { name } = (raw ?? {}) as Raw;
  check(typeof name === 'string' && /^[a-z0-9][a-z0-9-]{0,31}$/.test(name), 'name', 'a kebab-case name', name);
  return name as string;
}

function digestOf(digest: unknown): string {
  check(typeof digest === 'string' && /^[0-9a-f]{64}$/.test(digest), 'digest', 'a SHA-256 in hex', digest);
  return digest as string;
}

function check(isRight: boolean, key: string, expected: string, found: unknown): void {
  if (isRight) return;
  throw new GatewayError('invalid', `${key}: ${expected} expected, ${JSON.stringify(found)?.slice(0, 80)} found`);
}
