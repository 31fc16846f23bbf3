/** A module's manifest: parsed once, trusted after. Meaning of every key: docs/reference/module-abi.md. */
import { parseStrictJson } from '../../base/canonical-json.ts';
import { GatewayError } from '../../base/errors.ts';
import { completeLimits, type ModuleLimits } from './limits.ts';
import { isVersion } from './signing/semver.ts';

export type { ModuleLimits } from './limits.ts';

export interface ConfigField {
  readonly name: string;
  readonly unit: string;
  /** Null: not set, handed to the module as NaN. */
  readonly default: number | null;
  readonly min: number;
  readonly max: number;
  readonly help: string;
}

export interface ModuleOutput {
  readonly name: string;
  readonly kind: 'point' | 'alarm';
  /** `=` stands for the unit of the input series. */
  readonly unit: string;
  readonly help: string;
}

export const MODULE_KINDS = ['stream', 'function'] as const;
export const MODULE_PROFILES = ['core', 'wasi1'] as const;
export const CAPABILITIES = ['log', 'now', 'metric', 'emit', 'folder'] as const;
export type Capability = (typeof CAPABILITIES)[number];

/** Form of a module's state. */
export interface StateForm {
  /** Of the state it writes. */
  readonly version: number;
  /** Versions it can restore. */
  readonly accepts: readonly number[];
}

export interface ModuleManifest {
  readonly id: string;
  readonly version: string;
  readonly abi: 'gw1';
  readonly kind: (typeof MODULE_KINDS)[number];
  readonly profile: (typeof MODULE_PROFILES)[number];
  readonly capabilities: readonly Capability[];
  /** Null: it keeps no state, or none that could be carried. */
  readonly state: StateForm | null;
  readonly summary: string;
  readonly sha256: string;
  readonly config: readonly ConfigField[];
  readonly outputs: readonly ModuleOutput[];
  readonly limits: ModuleLimits;
}

/** Outputs are numbered by an octet. */
const OUTPUTS_MAX = 255;
const CONFIG_FIELDS_MAX = 256;
/** Characters of a unit. */
const UNIT_MAX = 32;
const STATE_VERSIONS_MAX = 32;

/** @throws GatewayError `invalid` naming every fault. */
export function parseManifest(text: string): ModuleManifest {
  const raw: unknown = parseStrictJson(text, 'module manifest');
  const faults: string[] = [];
  const fault = (key: string, expected: string, found: unknown) => {
    faults.push(`${key}: ${expected} expected, ${JSON.stringify(found)?.slice(0, 60)} found`);
  };
  const check = (isRight: unknown, key: string, expected: string, found: unknown) => {
    if (!isRight) fault(key, expected, found);
  };
  const given = (typeof raw === 'object' && raw !== null ? raw : {}) as Partial<ModuleManifest>;
  const { kind = 'stream', profile = 'core', capabilities = [], state = null } = given;
  check(/^[a-z0-9-]{1,32}$/.test(String(given.id)), 'id', 'a kebab-case name', given.id);
  check(isVersion(given.version), 'version', 'a semantic version', given.version);
  check(given.abi === 'gw1', 'abi', '"gw1"', given.abi);
  check(MODULE_KINDS.includes(kind), 'kind', MODULE_KINDS.join(' or '), kind);
  check(MODULE_PROFILES.includes(profile), 'profile', MODULE_PROFILES.join(' or '), profile);
  check(areCapabilities(capabilities), 'capabilities', `a list of ${CAPABILITIES.join(', ')}`, capabilities);
  check(isStateForm(state), 'state', '{version, accepts}', state);
  check(/^[0-9a-f]{64}$/.test(String(given.sha256)), 'sha256', 'a SHA-256 in hex', given.sha256);
  const fields = Array.isArray(given.config) ? given.config : [];
  check(fields === given.config && fields.length <= CONFIG_FIELDS_MAX, 'config', 'a list', given.config);
  const least = kind === 'function' ? 0 : 1;
  const outputs = `${least} to ${OUTPUTS_MAX} of {name, kind, unit}`;
  check(isOutputs(given.outputs, least), 'outputs', outputs, given.outputs);
  for (const [index, field] of fields.entries()) {
    check(isField(field), `config[${index}]`, '{name, default, min, max}', field);
  }
  const limits = completeLimits(given.limits, fault);
  if (faults.length > 0) throw new GatewayError('invalid', `module manifest: ${faults.join('; ')}`);
  return { ...(given as ModuleManifest), kind, profile, capabilities, state, limits };
}

function areCapabilities(value: unknown): boolean {
  return (
    Array.isArray(value) && value.length <= CAPABILITIES.length && value.every((one) => CAPABILITIES.includes(one))
  );
}

function isStateForm(value: StateForm | null): boolean {
  if (value === null) return true;
  const { version, accepts } = value;
  const isVersion = (one: unknown) => Number.isInteger(one) && (one as number) > 0;
  return (
    isVersion(version) && Array.isArray(accepts) && accepts.length <= STATE_VERSIONS_MAX && accepts.every(isVersion)
  );
}

function isField(field: ConfigField): boolean {
  const isBounded = typeof field?.name === 'string' && Number.isFinite(field.min) && Number.isFinite(field.max);
  return isBounded && (field.default === null || Number.isFinite(field.default));
}

function isOutputs(outputs: unknown, least: number): boolean {
  const isOutput = (output: ModuleOutput) =>
    /^[A-Za-z0-9_-]{1,64}$/.test(String(output?.name)) &&
    ['point', 'alarm'].includes(output.kind) &&
    typeof output.unit === 'string' &&
    output.unit.length <= UNIT_MAX;
  return Array.isArray(outputs) && outputs.length >= least && outputs.length <= OUTPUTS_MAX && outputs.every(isOutput);
}
