/** Signed packages for the sagas of modules, and the gateway that trusts who signed them. */
import { createHash, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { PackageContents } from '../../../gateway/src/core/modules/ports.ts';
import { publicKeyFile } from '../../../gateway/src/core/modules/signing/public-key.ts';
import { signPackage } from '../../../gateway/src/core/modules/signing/sign-package.ts';
import { addKey } from '../../../gateway/src/core/modules/signing/trust-changes.ts';
import { formatTrust, parseTrust } from '../../../gateway/src/core/modules/signing/trust-store.ts';
import { constant, wasmModule } from '../../support/wasm-module.ts';

type Manifest = Record<string, unknown> & { limits: Record<string, number>; config: { name: string }[] };

const KEYS = { vendor: generateKeyPairSync('ed25519').privateKey, partner: generateKeyPairSync('ed25519').privateKey };
const BUILT = new URL('../../../modules/window-aggregate/build/', import.meta.url);
const AGGREGATE = {
  manifest: JSON.parse(readFileSync(new URL('manifest.json', BUILT), 'utf8')) as Manifest,
  wasm: readFileSync(new URL('window-aggregate.wasm', BUILT)),
};

export type Signer = keyof typeof KEYS;

/** Text of a trust store with both keys, each in its role. */
export function trustText(): string {
  const grant = { modules: ['*'], notBefore: null, notAfter: null };
  const withVendor = addKey(parseTrust(null), publicKeyFile(KEYS.vendor, 'Example Works'), {
    ...grant,
    role: 'vendor',
  });
  return formatTrust(addKey(withVendor, publicKeyFile(KEYS.partner, 'Example Partner'), { ...grant, role: 'partner' }));
}

function packed(manifest: Record<string, unknown>, wasm: Uint8Array, signer: Signer = 'vendor'): PackageContents {
  const manifestText = JSON.stringify(manifest);
  const signature = signPackage({ manifestText, wasm }, KEYS[signer], Date.now());
  return { manifestText, wasm, signatureText: JSON.stringify(signature) };
}

export interface AggregateChanges {
  readonly id?: string;
  readonly limits?: Readonly<Record<string, number>>;
  /** Other defaults, by name of the field. */
  readonly defaults?: Readonly<Record<string, number>>;
  readonly signer?: Signer;
}

/** window-aggregate under another name and version, and perhaps with other limits and defaults. */
export function aggregate(version: string, { id = 'win', limits, defaults = {}, signer }: AggregateChanges = {}) {
  const { manifest, wasm } = AGGREGATE;
  const config = manifest.config.map((field) =>
    field.name in defaults ? { ...field, default: defaults[field.name] } : field,
  );
  const changed = { ...manifest, id, version, wasm: `${id}.wasm`, config, limits: { ...manifest.limits, ...limits } };
  return packed(changed, wasm, signer);
}

/** A module by hand that keeps no state and says nothing. @param onBatch body of `gw_on_batch`, without its `end`. */
export function handMade(version: string, onBatch: readonly number[], onInit?: readonly number[]): PackageContents {
  const outputs = [{ name: 'out', kind: 'point', unit: '=', help: 'Nothing.' }];
  return handPacked({ id: 'hand', version, outputs }, wasmModule(onBatch, onInit));
}

export interface AnswerChanges {
  readonly id?: string;
  /** Body of `gw_init`, without its `end`. */
  readonly onInit?: readonly number[];
  /** Names of its settings. */
  readonly settings?: readonly string[];
  readonly signer?: Signer;
}

/** A function by hand. @param answer what it returns for every event: below zero. */
export function answering(
  version: string,
  answer: number,
  { id = 'fun', onInit, settings = [], signer }: AnswerChanges = {},
): PackageContents {
  const config = settings.map((name) => ({ name, unit: '', default: null, min: 0, max: 10, help: 'Nothing.' }));
  const wasm = wasmModule(constant(answer), onInit, 'gw_on_event');
  return handPacked({ id, version, kind: 'function', config }, wasm, signer);
}

function handPacked(own: Record<string, unknown>, wasm: Uint8Array, signer?: Signer): PackageContents {
  const limits = { memoryPages: 2, tableElems: 1, codeBytes: 4096, functions: 20, localsPerFunction: 8 };
  const manifest = {
    ...{ abi: 'gw1', summary: 'Says nothing.', wasm: 'hand.wasm', config: [], outputs: [], ...own },
    sha256: createHash('sha256').update(wasm).digest('hex'),
    limits: { ...limits, fuelPerCall: 1e9, startFuel: 1e9, outBytes: 4096, deadlineMs: 100 },
  };
  return packed(manifest, wasm, signer);
}
