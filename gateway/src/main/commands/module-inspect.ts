/** `module inspect`: what a package or a bare binary is, found out without running it. */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { readPackage, WASM_OCTETS_MAX } from '../../adapters/files/module-package.ts';
import { readBoundedFile } from '../../adapters/files/trust-file.ts';
import { compileModule } from '../../adapters/wasm/module-instance.ts';
import { GatewayError } from '../../base/errors.ts';
import { formatBytes } from '../../base/units.ts';
import { LIMIT_NAMES, LIMIT_RULES } from '../../core/modules/limits.ts';
import { type ModuleManifest, parseManifest } from '../../core/modules/manifest.ts';
import { type BinarySummary, summarizeBinary } from '../../core/modules/signing/binary-summary.ts';
import { groupedKeyId } from '../../core/modules/signing/public-key.ts';
import { parseSignature } from '../../core/modules/signing/signature-file.ts';
import type { TrustStore } from '../../core/modules/signing/trust-store.ts';
import { type VerifiedPackage, verifyPackage } from '../../core/modules/signing/verify-package.ts';
import { admitForHost } from '../modules/load-module.ts';
import { type Command, EXIT, type OptionValues, print, printJson, table } from './command.ts';
import { loadTrust, TRUST_OPTIONS } from './module-verify.ts';

/** Of imports, exports and sections in the text form; JSON has them all. */
const SHOWN_MAX = 40;

/** What came of a question: a value, or why there is none. */
type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

interface Inspection {
  readonly path: string;
  /** Null for a bare binary. */
  readonly manifest: Outcome<ModuleManifest> | null;
  readonly signature: Outcome<VerifiedPackage> | null;
  readonly sha256: string;
  readonly binary: Outcome<BinarySummary>;
  readonly limits: readonly LimitRow[];
  /** Of the package with its own limits; of a bare binary with the widest there are. */
  readonly guard: Outcome<{ readonly guardedOctets: number }>;
}

interface LimitRow {
  readonly limit: string;
  readonly allowed: number;
  readonly found: number;
}

export const moduleInspect: Command = {
  verb: 'module inspect',
  usage: 'DIR|FILE.wasm [--trust FILE | --state DIR]',
  summary: 'What a module is: manifest, signature, sections, imports, exports, limits, and the verdict of the guard.',
  options: TRUST_OPTIONS,
  words: [1, 1],
  async run({ options, words: [path] }) {
    const isFolder = statSync(path!, { throwIfNoEntry: false })?.isDirectory() ?? false;
    const inspection = isFolder ? inspectPackage(path!, options) : inspectBinary(path!);
    if (options.json) printJson(inspection);
    else printInspection(inspection);
    return EXIT.ok;
  },
};

function inspectPackage(path: string, options: OptionValues): Inspection {
  const contents = readPackage(path);
  const manifest = outcomeOf(() => parseManifest(contents.manifestText));
  const { path: trustStore, trust } = loadTrust(options);
  const signature = outcomeOf(() => {
    refuseUntrusted(contents.signatureText, trust, trustStore);
    return verifyPackage(contents, trust, { nowMs: Date.now(), atBoot: false });
  });
  return { path, manifest, signature, ...inspectWasm(contents.wasm, manifest) };
}

/** A key that is not trusted here says nothing against the package: which trust store was asked matters then. */
function refuseUntrusted(signatureText: string | null, trust: TrustStore, trustStore: string): void {
  const keyId = outcomeOf(() => parseSignature(signatureText ?? '').keyId);
  if (!keyId.ok || trust.keys.some((key) => key.keyId === keyId.value)) return;
  const asked = `not trusted in ${trustStore}, which has ${trust.keys.length} keys`;
  throw new GatewayError('denied', `signed with an unknown key, ${groupedKeyId(keyId.value)}: ${asked}`);
}

function inspectBinary(path: string): Inspection {
  const wasm = readBoundedFile(path, { what: 'module', octetsMax: WASM_OCTETS_MAX });
  const found = inspectWasm(
    wasm,
    outcomeOf(() => widestManifest(wasm)),
  );
  return { path, manifest: null, signature: null, ...found };
}

/** Grants all there is, so that the verdict on a bare binary is about nothing but the binary. */
function widestManifest(wasm: Uint8Array): ModuleManifest {
  const { imports, exports } = summarizeBinary(wasm);
  const usesWasi = imports.some(({ name }) => name.startsWith('wasi_'));
  const isFunction = exports.some(({ name }) => name === 'gw_on_event');
  const capabilities = ['log', 'now', 'metric', 'emit', ...(usesWasi ? ['folder'] : [])];
  const outputs = isFunction ? [] : [{ name: 'any', kind: 'point', unit: '=', help: '' }];
  const limits = Object.fromEntries(LIMIT_NAMES.map((name) => [name, LIMIT_RULES[name].max]));
  const about = { id: 'binary', version: '0.0.0', abi: 'gw1', summary: 'A binary without a manifest.' };
  const form = { kind: isFunction ? 'function' : 'stream', profile: usesWasi ? 'wasi1' : 'core', capabilities };
  return parseManifest(JSON.stringify({ ...about, ...form, sha256: sha256Of(wasm), config: [], outputs, limits }));
}

function inspectWasm(
  wasm: Uint8Array,
  manifest: Outcome<ModuleManifest>,
): Pick<Inspection, 'sha256' | 'binary' | 'limits' | 'guard'> {
  const binary = outcomeOf(() => summarizeBinary(wasm));
  const guard = outcomeOf(() => {
    if (!manifest.ok) throw new GatewayError('denied', manifest.reason);
    const admitted = admitForHost(wasm, manifest.value, null);
    compileModule(admitted, manifest.value);
    return { guardedOctets: admitted.length };
  });
  const limits = manifest.ok && binary.ok ? limitRows(manifest.value, binary.value) : [];
  return { sha256: sha256Of(wasm), binary, limits, guard };
}

/** Those limits that show in the binary; fuel, time and output show when it runs. */
function limitRows({ limits }: ModuleManifest, { memory, table, ...binary }: BinarySummary): LimitRow[] {
  return [
    { limit: 'memoryPages', allowed: limits.memoryPages, found: memory?.initial ?? 0 },
    { limit: 'tableElems', allowed: limits.tableElems, found: table?.initial ?? 0 },
    { limit: 'codeBytes', allowed: limits.codeBytes, found: binary.codeBytes },
    { limit: 'functions', allowed: limits.functions, found: binary.functions },
    { limit: 'localsPerFunction', allowed: limits.localsPerFunction, found: binary.localsMax },
  ];
}

function outcomeOf<T>(ask: () => T): Outcome<T> {
  try {
    return { ok: true, value: ask() };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { ok: false, reason: error.message };
  }
}

function sha256Of(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex');
}

function printInspection({ path, manifest, signature, sha256, binary, limits, guard }: Inspection): void {
  print(plain(manifest === null ? `${path}: a binary without a manifest` : manifestLines(manifest)));
  if (signature !== null) print(plain(`signature   ${signatureLine(signature)}`));
  print(`sha256      ${sha256}`);
  print(plain(binary.ok ? binaryLines(binary.value) : `binary      not readable: ${binary.reason}`));
  if (limits.length > 0) {
    const rows = limits.map(({ limit, allowed, found }) => [limit, allowed, found, found > allowed ? 'over' : '']);
    print(`\n${table(['limit', 'allowed', 'found', ''], rows)}\n`);
  }
  const under = manifest === null ? ' under the widest limits' : '';
  const verdict = guard.ok
    ? `admitted${under}, ${guard.value.guardedOctets} octets with fuel`
    : `REFUSED: ${guard.reason}`;
  print(plain(`guard       ${verdict}`));
}

function manifestLines(manifest: Outcome<ModuleManifest>): string {
  if (!manifest.ok) return `manifest    REFUSED: ${manifest.reason}`;
  const { id, version, abi, kind, profile, capabilities, state, summary, config, outputs } = manifest.value;
  const listed = (names: readonly string[]) => names.join(', ') || 'none';
  return [
    `${id} ${version} (${kind}, ${abi}, profile ${profile})`,
    summary,
    `asks for    ${listed(capabilities)}`,
    `config      ${listed(config.map(({ name }) => name))}`,
    `outputs     ${listed(outputs.map(({ name }) => name))}`,
    `state       ${state === null ? 'none' : `version ${state.version}, accepts ${listed(state.accepts.map(String))}`}`,
  ].join('\n');
}

function signatureLine(signature: Outcome<VerifiedPackage>): string {
  if (!signature.ok) return `REFUSED: ${signature.reason}`;
  const { publisher, keyId, role, signedAtMs } = signature.value;
  return `by ${publisher}, key ${groupedKeyId(keyId)}, ${role}, at ${new Date(signedAtMs).toISOString()}`;
}

function binaryLines({ octets, sections, imports, exports, memory }: BinarySummary): string {
  const shown = (list: readonly string[]) =>
    `${list.slice(0, SHOWN_MAX).join(', ') || 'none'}${list.length > SHOWN_MAX ? ` and ${list.length - SHOWN_MAX} more` : ''}`;
  const named = (list: readonly { name: string; kind: string }[]) =>
    shown(list.map(({ name, kind }) => (kind === 'function' ? name : `${name} (${kind})`)));
  const pages = memory === null ? 'none' : `${memory.initial} to ${memory.maximum ?? 'any number of'} pages of 64 KiB`;
  return [
    `size        ${formatBytes(octets)}`,
    `sections    ${shown(sections.map((section) => `${section.name} ${section.octets}`))}`,
    `imports     ${named(imports)}`,
    `exports     ${named(exports)}`,
    `memory      ${pages}`,
  ].join('\n');
}

/** Names come from the module: what steers a terminal is shown as what it is. */
function plain(text: string): string {
  return text.replace(/[^\P{C}\n]/gu, '\u{FFFD}');
}
