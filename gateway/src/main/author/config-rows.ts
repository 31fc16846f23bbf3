/** The configuration block of `gw_init` from what an author gives: lists of numbers in a vector, `--set NAME=NUMBER` on the command line. */
import { GatewayError } from '../../base/errors.ts';
import { encodeConfigBlock } from '../../core/modules/config-block.ts';
import type { ModuleManifest } from '../../core/modules/manifest.ts';

const HEADER_BYTES = 16;

/** @param rows one list of numbers for each input; null is "not set". Written as given: a vector may try what the manifest forbids. */
export function configOfRows(manifest: ModuleManifest, rows: readonly (readonly (number | null)[])[]): Uint8Array {
  const fields = manifest.config.length;
  const block = new DataView(new ArrayBuffer(HEADER_BYTES + rows.length * fields * 8));
  for (const [index, word] of [1, rows.length, fields, 0].entries()) block.setUint32(4 * index, word, true);
  for (const [index, value] of rows.flat().entries())
    block.setFloat64(HEADER_BYTES + 8 * index, value ?? Number.NaN, true);
  return new Uint8Array(block.buffer);
}

/** One input with the manifest's defaults, and what `--set` says otherwise. @throws GatewayError `invalid` naming every fault. */
export function configOfSettings(manifest: ModuleManifest, settings: readonly string[]): Uint8Array {
  const entries = settings.map((text): [string, number] => {
    const [, name, number] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (name === undefined || number === undefined || Number.isNaN(Number(number)))
      throw new GatewayError('invalid', `--set: NAME=NUMBER expected, ${text} found`);
    return [name, Number(number)];
  });
  return encodeConfigBlock(manifest, [Object.fromEntries(entries)], manifest.id);
}
