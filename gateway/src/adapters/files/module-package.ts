/** A module package as its author leaves it: `manifest.json`, `<id>.wasm` and perhaps `signature.json` in one folder. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { JSON_OCTETS_MAX, parseStrictJson } from '../../base/canonical-json.ts';
import { GatewayError } from '../../base/errors.ts';
import type { PackageContents } from '../../core/modules/ports.ts';
import { readBoundedFile } from './trust-file.ts';

/** More than the guard admits: code, data and custom sections at their largest. */
export const WASM_OCTETS_MAX = 8 << 20;
const SIGNATURE_OCTETS_MAX = 4096;
const SIGNATURE_FILE = 'signature.json';

/** The files of a package, each read once: what is judged is what is used. */
export interface PackageFiles extends PackageContents {
  readonly id: string;
}

/**
 * @param folder holds manifest.json, <id>.wasm and perhaps signature.json.
 * @throws GatewayError `not_found`, `invalid`, `unavailable`, naming the file.
 */
export function readPackage(folder: string): PackageFiles {
  if (!existsSync(join(folder, 'signature.json')) && existsSync(join(folder, 'build', 'manifest.json'))) {
    throw new GatewayError('invalid', `${folder}: a package expected, a module's project found`, {
      hint: `The package is what was built: ${join(folder, 'build')}`,
    });
  }
  const manifestText = readText(join(folder, 'manifest.json'), 'manifest', JSON_OCTETS_MAX);
  const manifest = parseStrictJson(manifestText, `manifest ${join(folder, 'manifest.json')}`) as {
    id?: unknown;
  } | null;
  const id = manifest?.id;
  if (typeof id !== 'string' || !/^[a-z0-9-]{1,32}$/.test(id))
    throw new GatewayError('invalid', `manifest in ${folder}: id: a kebab-case name of 1 to 32 characters expected`);
  const wasm = readBoundedFile(join(folder, `${id}.wasm`), { what: 'module', octetsMax: WASM_OCTETS_MAX });
  return { id, manifestText, wasm, signatureText: readSignature(join(folder, SIGNATURE_FILE)) };
}

function readSignature(path: string): string | null {
  try {
    return readText(path, 'signature', SIGNATURE_OCTETS_MAX);
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'not_found') return null;
    throw error;
  }
}

function readText(path: string, what: string, octetsMax: number): string {
  const octets = readBoundedFile(path, { what, octetsMax });
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets);
  } catch (error) {
    throw new GatewayError('invalid', `${what} ${path}: UTF-8 expected`, { cause: error });
  }
}
