/** A function that does what its event's data says: one module for every way in which a call can end. Compiled once a test process. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/**
 * Data, and what happens: `trap`, `loop` (for ever), `busy` (some hundred milliseconds), `refuse` (−22), `twice` (−22 at the first two calls of
 * the instance), `reply` (the event itself comes back), `emit <text>` (an event `scripted.done` with the text); anything else is written to the log.
 * Every event but those that trap or loop is written to the log as `did <data>`.
 */
const SOURCE = `
@external("gw1", "log") declare function log(level: i32, ptr: usize, len: i32): void;
@external("gw1", "emit") declare function emit(typeAt: usize, typeLen: i32, dataAt: usize, dataLen: i32): i32;

const IN: usize = memory.data(65536, 8);
const OUT: usize = memory.data(65536, 8);
const LINE: usize = memory.data(1024, 8);
const DID: usize = memory.data<u8>([0x64, 0x69, 0x64, 0x20]);
const DONE: usize = memory.data<u8>([0x73, 0x63, 0x72, 0x69, 0x70, 0x74, 0x65, 0x64, 0x2e, 0x64, 0x6f, 0x6e, 0x65]);
let calls: i32 = 0;
let sink: f64 = 1;

export function gw_abi_1_0(): void {}
export function gw_in_ptr(): usize { return IN; }
export function gw_in_cap(): i32 { return 65536; }
export function gw_out_ptr(): usize { return OUT; }
export function gw_out_cap(): i32 { return 65536; }
export function gw_init(len: i32): i32 { return 0; }

function isWord(at: usize, len: usize, word: string): bool {
  if (len < <usize>word.length) return false;
  for (let i = 0; i < word.length; i++) if (<i32>load<u8>(at + i) != word.charCodeAt(i)) return false;
  return true;
}

export function gw_on_event(len: i32): i32 {
  const at = IN + ((16 + <usize>load<u32>(IN, 8) + 7) & ~7);
  const size = <usize>load<u32>(IN, 12);
  calls++;
  if (isWord(at, size, "trap")) unreachable();
  if (isWord(at, size, "loop")) while (true) sink = Math.sqrt(sink + 1);
  if (isWord(at, size, "busy")) for (let i = 0; i < 30000000; i++) sink = sink * 0.999 + 1;
  if (isWord(at, size, "refuse")) return -22;
  if (isWord(at, size, "twice") && calls <= 2) return -22;
  const shown = min<usize>(size, 500);
  memory.copy(LINE, DID, 4);
  memory.copy(LINE + 4, at, shown);
  log(0, LINE, <i32>shown + 4);
  if (isWord(at, size, "emit")) return emit(DONE, 13, at + 5, <i32>size - 5);
  if (!isWord(at, size, "reply")) return 0;
  memory.copy(OUT, IN, len);
  return len;
}
`;

export interface ScriptedOptions {
  readonly id?: string;
  readonly version?: string;
  /** In place of `scripted.done`, with as many letters: tells who has emitted an event. */
  readonly emits?: string;
  /** Another program altogether. */
  readonly wasm?: Uint8Array;
  /** Of one call; so much that the deadline comes first, unless told. */
  readonly fuelPerCall?: number;
  readonly deadlineMs?: number;
}

let compiled: Uint8Array | undefined;

function compile(): Uint8Array {
  using folder = temporaryFolder();
  const entry = join(folder.path, 'index.ts');
  const output = join(folder.path, 'index.wasm');
  writeFileSync(entry, SOURCE);
  const asc = join(dirname(createRequire(import.meta.url).resolve('assemblyscript/package.json')), 'bin/asc.js');
  const flags = [
    '-O3',
    '--noAssert',
    '--runtime',
    'stub',
    '--use',
    'abort=',
    '--initialMemory',
    '4',
    '--maximumMemory',
    '8',
  ];
  execFileSync(process.execPath, [asc, entry, '-o', output, ...flags], { stdio: ['ignore', 'ignore', 'inherit'] });
  return new Uint8Array(readFileSync(output));
}

const DONE = 'scripted.done';

/** The program with another type of event. */
function emitting(wasm: Uint8Array, type: string): Uint8Array {
  const changed = Buffer.from(wasm);
  const at = changed.indexOf(DONE);
  if (at < 0 || changed.indexOf(DONE, at + 1) >= 0 || type.length !== DONE.length) throw new Error(`emits: ${type}`);
  changed.write(type, at);
  return changed;
}

/** Puts the module where the gateway finds it under TIDEGATE_MODULES. @returns its id. */
export function installScripted(folder: string, options: ScriptedOptions = {}): string {
  const { id = 'scripted' } = options;
  writeScripted(join(folder, id, 'build'), options);
  return id;
}

/** A package, not signed. @returns its folder. */
export function writeScripted(build: string, options: ScriptedOptions = {}): string {
  const { id = 'scripted', version = '1.0.0', fuelPerCall = 10_000_000_000, deadlineMs = 2000 } = options;
  compiled ??= compile();
  const wasm = options.wasm ?? emitting(compiled, options.emits ?? DONE);
  mkdirSync(build, { recursive: true });
  const manifest = {
    id,
    version,
    abi: 'gw1',
    kind: 'function',
    capabilities: ['log', 'emit'],
    summary: 'Does what its event says.',
    wasm: `${id}.wasm`,
    sha256: createHash('sha256').update(wasm).digest('hex'),
    config: [],
    outputs: [],
    limits: {
      memoryPages: 8,
      tableElems: 16,
      codeBytes: 65_536,
      functions: 50,
      localsPerFunction: 50,
      fuelPerCall,
      startFuel: 10_000_000,
      outBytes: 65_536,
      deadlineMs,
      logBytesPerSec: 65_536,
      emitsPerSec: 1000,
    },
  };
  writeFileSync(join(build, 'manifest.json'), JSON.stringify(manifest));
  writeFileSync(join(build, `${id}.wasm`), wasm);
  return build;
}
