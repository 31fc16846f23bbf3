import { GatewayError } from '../../base/errors.ts';
import { nearestWord } from '../../base/nearest-word.ts';
import type { ModuleManifest } from './manifest.ts';

/** Numbers by name, one table for each configured input. */
export type InputConfig = Readonly<Record<string, number>>;

/**
 * The configuration as the module reads it: checked against the manifest, defaults filled in.
 * @throws GatewayError `invalid` naming every fault.
 */
export function encodeConfigBlock(manifest: ModuleManifest, inputs: readonly InputConfig[], name: string): Uint8Array {
  const faults = inputs.flatMap((input, index) => faultsOf(manifest, input, `module ${name}: input ${index + 1}`));
  if (faults.length > 0) throw new GatewayError('invalid', faults.join('; '));
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

function faultsOf(manifest: ModuleManifest, input: InputConfig, where: string): string[] {
  const faults: string[] = [];
  const names = manifest.config.map((field) => field.name);
  for (const [key, value] of Object.entries(input)) {
    const field = manifest.config.find((candidate) => candidate.name === key);
    if (field === undefined) {
      const near = nearestWord(key, names);
      faults.push(
        `${where}: unknown setting ${key} of ${manifest.id}${near === undefined ? '' : `; did you mean ${near}?`}`,
      );
    } else if (!(value >= field.min && value <= field.max)) {
      faults.push(`${where}: ${key}: ${field.min}..${field.max} ${field.unit} expected, ${value} found`);
    }
  }
  return faults;
}
