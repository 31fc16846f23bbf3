import { GatewayError } from '../../base/errors.ts';
import { nearestWord } from '../../base/nearest-word.ts';
import type { ModuleManifest } from './manifest.ts';

/** Numbers by name, one table for each configured input. */
export type InputConfig = Readonly<Record<string, number>>;

/** One value that the manifest does not take. */
export interface ParameterFault {
  /** Which of the inputs, from 0. */
  readonly input: number;
  readonly key: string;
  readonly expected: string;
  readonly found: string;
  /** The name that was meant, perhaps. */
  readonly near?: string | undefined;
}

/** All that is wrong with the parameters of one use of a module. `code` is `invalid`. */
export class ParameterError extends GatewayError {
  readonly faults: readonly ParameterFault[];

  constructor(name: string, faults: readonly ParameterFault[]) {
    const texts = faults.map(({ input, key, expected, found, near }) => {
      const meant = near === undefined ? '' : `; did you mean ${near}?`;
      return `module ${name}: input ${input + 1}: ${key}: ${expected} expected, ${found} found${meant}`;
    });
    super('invalid', texts.join('; '));
    this.name = 'ParameterError';
    this.faults = faults;
  }
}

/**
 * The configuration as the module reads it: checked against the manifest, defaults filled in.
 * @throws ParameterError naming every fault.
 */
export function encodeConfigBlock(manifest: ModuleManifest, inputs: readonly InputConfig[], name: string): Uint8Array {
  const faults = inputs.flatMap((values, input) => faultsOf(manifest, values, input));
  if (faults.length > 0) throw new ParameterError(name, faults);
  const fields = manifest.config;
  const block = new DataView(new ArrayBuffer(16 + inputs.length * fields.length * 8));
  block.setUint32(0, 1, true);
  block.setUint32(4, inputs.length, true);
  block.setUint32(8, fields.length, true);
  for (const [row, input] of inputs.entries()) {
    for (const [column, field] of fields.entries()) {
      const value = input[field.name] ?? field.default ?? Number.NaN;
      block.setFloat64(16 + (row * fields.length + column) * 8, value, true);
    }
  }
  return new Uint8Array(block.buffer);
}

function faultsOf(manifest: ModuleManifest, values: InputConfig, input: number): ParameterFault[] {
  const names = manifest.config.map((field) => field.name);
  return Object.entries(values).flatMap(([key, value]) => {
    const field = manifest.config.find((candidate) => candidate.name === key);
    if (field === undefined) {
      const near = nearestWord(key, names);
      return [{ input, key, expected: `a setting of ${manifest.id}`, found: 'an unknown one', near }];
    }
    if (value >= field.min && value <= field.max) return [];
    return [{ input, key, expected: `${field.min}..${field.max} ${field.unit}`.trim(), found: String(value) }];
  });
}
