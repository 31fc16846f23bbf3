/** A module that attacks its host in one of many ways: written in AssemblyScript, compiled once a test process. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ATTACK_SOURCE, type AttackName, attackNumber } from './attack-source.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface AttackInstall {
  /** The attack's own name unless told. */
  readonly id?: string;
  readonly limits?: Readonly<Record<string, number>>;
  /** Keys of the manifest that differ. */
  readonly manifest?: Readonly<Record<string, unknown>>;
}

/** So much fuel that a loop outlasts any deadline. */
export const HUGE_FUEL = 10_000_000_000;

let compiled: Uint8Array | undefined;

/** The binary; every attack is in it. */
export function attackBinary(): Uint8Array {
  compiled ??= compile();
  return compiled;
}

function compile(): Uint8Array {
  using folder = temporaryFolder();
  const entry = join(folder.path, 'index.ts');
  const output = join(folder.path, 'index.wasm');
  writeFileSync(entry, ATTACK_SOURCE);
  const asc = join(dirname(createRequire(import.meta.url).resolve('assemblyscript/package.json')), 'bin/asc.js');
  const flags = ['-O3', '--noAssert', '--runtime', 'stub', '--use', 'abort=', '--initialMemory', '8'];
  execFileSync(process.execPath, [asc, entry, '-o', output, ...flags], { stdio: ['ignore', 'ignore', 'inherit'] });
  return new Uint8Array(readFileSync(output));
}

/** Puts the module where the gateway finds it under TIDEGATE_MODULES. @returns its id. */
export function installAttack(folder: string, attack: AttackName, options: AttackInstall = {}): string {
  const id = options.id ?? attack;
  installBinary(folder, id, attackBinary(), {
    ...options,
    manifest: {
      capabilities: ['log', 'metric', 'emit'],
      config: [{ name: 'attack', unit: '', default: attackNumber(attack), min: 0, max: 1000, help: 'Which attack.' }],
      outputs: [
        { name: 'out', kind: 'point', unit: '=', help: 'Rows.' },
        { name: 'alert', kind: 'alarm', unit: '', help: 'Alarms.' },
      ],
      ...(attack.includes('snapshot') || attack.includes('restore') ? { state: { version: 1, accepts: [1] } } : {}),
      ...options.manifest,
    },
  });
  return id;
}

/** Any binary, with limits that do not stand in an attack's way. */
export function installBinary(folder: string, id: string, wasm: Uint8Array, options: AttackInstall = {}): void {
  const build = join(folder, id, 'build');
  mkdirSync(build, { recursive: true });
  const manifest = {
    ...{ id, version: '1.0.0', abi: 'gw1', summary: 'An attack.', wasm: `${id}.wasm`, config: [] },
    sha256: createHash('sha256').update(wasm).digest('hex'),
    outputs: [{ name: 'out', kind: 'point', unit: '=', help: 'Rows.' }],
    limits: {
      memoryPages: 256,
      tableElems: 65_536,
      codeBytes: 1 << 20,
      functions: 1000,
      localsPerFunction: 100,
      fuelPerCall: 20_000_000,
      startFuel: 20_000_000,
      outBytes: 65_536,
      deadlineMs: 2000,
      ...options.limits,
    },
    ...options.manifest,
  };
  writeFileSync(join(build, 'manifest.json'), JSON.stringify(manifest));
  writeFileSync(join(build, `${id}.wasm`), wasm);
}

/** A built module of this repository under another id: a developer's, so that it runs in the same worker as the attacks. */
export function installCopy(folder: string, id: string, as: string): void {
  const built = new URL(`../../modules/${id}/build/`, import.meta.url);
  const manifest = JSON.parse(readFileSync(new URL('manifest.json', built), 'utf8')) as Record<string, unknown>;
  const build = join(folder, as, 'build');
  mkdirSync(build, { recursive: true });
  writeFileSync(join(build, 'manifest.json'), JSON.stringify({ ...manifest, id: as, wasm: `${as}.wasm` }));
  writeFileSync(join(build, `${as}.wasm`), readFileSync(new URL(`${id}.wasm`, built)));
}
