/** A module's manifest: parsed once, trusted after. Meaning of every key: docs/reference/module-abi.md. */
import { GatewayError } from '../../base/errors.ts';

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

export interface ModuleLimits {
  /** Pages of 64 KiB: what the memory may grow to. */
  readonly memoryPages: number;
  /** Elements of its table. */
  readonly tableElems: number;
  /** Octets of its code. */
  readonly codeBytes: number;
  readonly functions: number;
  readonly localsPerFunction: number;
  /** Instructions one call may take, about; and `gw_init`. */
  readonly fuelPerCall: number;
  readonly startFuel: number;
  /** Octets one call may return. */
  readonly outBytes: number;
  /** Wall time of one call. */
  readonly deadlineMs: number;
}

export interface ModuleManifest {
  readonly id: string;
  readonly version: string;
  readonly abi: 'gw1';
  readonly summary: string;
  readonly sha256: string;
  readonly config: readonly ConfigField[];
  readonly outputs: readonly ModuleOutput[];
  readonly limits: ModuleLimits;
}

/** What any module may ask for at most. */
export const LIMITS_MAX: ModuleLimits = {
  memoryPages: 1024,
  tableElems: 65_536,
  codeBytes: 4 << 20,
  functions: 20_000,
  localsPerFunction: 4096,
  fuelPerCall: 10_000_000_000,
  startFuel: 10_000_000_000,
  outBytes: 4 << 20,
  deadlineMs: 5000,
};

/** Outputs are numbered by an octet. */
const OUTPUTS_MAX = 255;

/** @throws GatewayError `invalid` naming every fault. */
export function parseManifest(text: string): ModuleManifest {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw new GatewayError('invalid', 'module manifest: JSON expected', { cause: error });
  }
  const faults: string[] = [];
  const check = (isRight: unknown, key: string, expected: string, found: unknown) => {
    if (!isRight) faults.push(`${key}: ${expected} expected, ${JSON.stringify(found)?.slice(0, 60)} found`);
  };
  const manifest = (raw ?? {}) as ModuleManifest;
  check(/^[a-z0-9-]{1,32}$/.test(String(manifest.id)), 'id', 'a kebab-case name', manifest.id);
  check(/^\d+\.\d+\.\d+/.test(String(manifest.version)), 'version', 'a semantic version', manifest.version);
  check(manifest.abi === 'gw1', 'abi', '"gw1"', manifest.abi);
  check(/^[0-9a-f]{64}$/.test(String(manifest.sha256)), 'sha256', 'a SHA-256 in hex', manifest.sha256);
  check(Array.isArray(manifest.config), 'config', 'a list', manifest.config);
  check(isOutputs(manifest.outputs), 'outputs', `1 to ${OUTPUTS_MAX} of {name, kind}`, manifest.outputs);
  for (const key of Object.keys(LIMITS_MAX) as (keyof ModuleLimits)[]) {
    const found = manifest.limits?.[key];
    check(
      Number.isInteger(found) && found > 0 && found <= LIMITS_MAX[key],
      `limits.${key}`,
      `1..${LIMITS_MAX[key]}`,
      found,
    );
  }
  for (const [index, field] of (Array.isArray(manifest.config) ? manifest.config : []).entries()) {
    const isField = typeof field?.name === 'string' && Number.isFinite(field.min) && Number.isFinite(field.max);
    check(
      isField && (field.default === null || Number.isFinite(field.default)),
      `config[${index}]`,
      '{name, default, min, max}',
      field,
    );
  }
  if (faults.length > 0) throw new GatewayError('invalid', `module manifest: ${faults.join('; ')}`);
  return manifest;
}

function isOutputs(outputs: unknown): boolean {
  const isOutput = (output: ModuleOutput) =>
    typeof output?.name === 'string' && ['point', 'alarm'].includes(output.kind);
  return Array.isArray(outputs) && outputs.length >= 1 && outputs.length <= OUTPUTS_MAX && outputs.every(isOutput);
}
