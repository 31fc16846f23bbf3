/**
 * The scripts of WebAssembly's own test suite, run beside each other on modules as they are and on guarded ones. They are not part of the
 * repository: TIDEGATE_WASM_TESTSUITE names a folder of `.wast` files; Debian's `wabt` turns them into modules and commands.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { GatewayError } from '../../../../gateway/src/base/errors.ts';
import { type GuardLimits, guardModule } from '../../../../gateway/src/core/modules/guard/guard.ts';
import { skipWithout } from '../../../support/require.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { canPass, type ScriptAction, Side } from './spec-side.ts';

const folder = process.env.TIDEGATE_WASM_TESTSUITE ?? '';
const skip = folder === '' ? 'TIDEGATE_WASM_TESTSUITE names no folder of the test suite' : skipWithout('wast2json');

/** As much as the engine takes, so that only rules refuse. */
const ROOMY: Omit<GuardLimits, 'imports'> = {
  memoryPages: 65_536,
  tableElems: 10_000_000,
  tables: 100_000,
  codeBytes: 1 << 30,
  dataBytes: 1 << 30,
  customBytes: 1 << 30,
  functions: 1_000_000,
  localsPerFunction: 50_000,
  globals: 1_000_000,
  types: 1_000_000,
  exports: 1_000_000,
  elementSegments: 1_000_000,
  dataSegments: 100_000,
};

interface Command {
  readonly type: string;
  readonly line: number;
  readonly filename?: string;
  readonly name?: string;
  readonly as?: string;
  readonly module_type?: string;
  readonly action?: ScriptAction;
}

test('modules of the test suite do guarded what they do as they are; malformed ones are refused', { skip }, (t) => {
  using work = temporaryFolder();
  const tally = { scripts: 0, unreadable: 0, guarded: 0, byRule: 0, actions: 0, refused: 0 };
  const rules = new Map<string, number>();
  for (const script of readdirSync(folder).filter((name) => name.endsWith('.wast'))) {
    const commands = commandsOf(join(folder, script), work.path);
    if (commands === undefined) {
      tally.unreadable++;
      continue;
    }
    tally.scripts++;
    runScript(script, commands, work.path, tally, rules);
  }
  t.diagnostic(JSON.stringify(tally));
  t.diagnostic(JSON.stringify([...rules].sort((a, b) => b[1] - a[1])));
  assert.ok(tally.guarded > 500 && tally.actions > 10_000 && tally.refused > 500, JSON.stringify(tally));
});

/** Undefined when the script is in a language newer than the tool. */
function commandsOf(path: string, into: string): Command[] | undefined {
  const json = join(into, `${basename(path, '.wast')}.json`);
  if (spawnSync('wast2json', [path, '-o', json], { timeout: 60_000 }).status !== 0) return undefined;
  return (JSON.parse(readFileSync(json, 'utf8')) as { commands: Command[] }).commands;
}

function runScript(
  script: string,
  commands: readonly Command[],
  from: string,
  tally: { guarded: number; byRule: number; actions: number; refused: number },
  rules: Map<string, number>,
): void {
  const plain = new Side();
  const guarded = new Side();
  /** A module that a rule refused: what follows up to the next has nothing to run on. */
  let isRunning = false;
  for (const command of commands) {
    const at = `${script}:${command.line}`;
    if (command.type === 'module') {
      const original = withMemory(readFileSync(join(from, command.filename!)));
      const result = guardOf(original);
      isRunning = typeof result !== 'string';
      if (typeof result === 'string') {
        tally.byRule++;
        rules.set(result, (rules.get(result) ?? 0) + 1);
        continue;
      }
      tally.guarded++;
      assert.equal(guarded.instantiate(result, command.name), plain.instantiate(original, command.name), at);
    } else if (command.type === 'register') {
      plain.register(command.as!, command.name);
      guarded.register(command.as!, command.name);
    } else if (command.action !== undefined && isRunning && canPass(command.action)) {
      const expected = plain.run(command.action);
      if (expected === 'no instance') continue;
      tally.actions++;
      assert.equal(guarded.run(command.action), expected, `${at}: ${command.action.field}`);
    } else if (/invalid|malformed/.test(command.type) && command.module_type === 'binary') {
      const wasm = readFileSync(join(from, command.filename!));
      const isValidNow = WebAssembly.validate(wasm);
      assert.ok(isValidNow || typeof guardOf(wasm) === 'string', `${at}: refused`);
      if (!isValidNow) tally.refused++;
    }
  }
}

/** The guarded binary, or the rule that refused it. */
function guardOf(wasm: Uint8Array): Uint8Array | string {
  try {
    return guardModule(wasm, { ...ROOMY, imports: importsOf(wasm) }, WebAssembly.validate).binary;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return error.message.replace(/at offset \d+/, '').replace(/\d+ found|, [^,]* found/, '');
  }
}

function importsOf(wasm: Uint8Array): Set<string> {
  if (!WebAssembly.validate(wasm as Uint8Array<ArrayBuffer>)) return new Set();
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(wasm as Uint8Array<ArrayBuffer>));
  return new Set(imports.filter(({ kind }) => kind === 'function').map(({ module, name }) => `${module}.${name}`));
}

/** The guard wants a memory, few of these modules have one: an empty one is added where it belongs. */
function withMemory(wasm: Uint8Array): Uint8Array {
  let at = 8;
  while (at < wasm.length) {
    const id = wasm[at]!;
    if (id === 5) return wasm;
    if (id === 2 && hasMemoryImport(wasm)) return wasm;
    if (id > 5) break;
    let size = 0;
    let next = at + 1;
    for (let shift = 0; ; shift += 7) {
      const octet = wasm[next++]!;
      size += (octet & 127) * 2 ** shift;
      if (octet < 128) break;
    }
    at = next + size;
  }
  return Uint8Array.from([...wasm.subarray(0, at), 5, 4, 1, 1, 0, 0, ...wasm.subarray(at)]);
}

function hasMemoryImport(wasm: Uint8Array): boolean {
  const module = new WebAssembly.Module(wasm as Uint8Array<ArrayBuffer>);
  return WebAssembly.Module.imports(module).some(({ kind }) => kind === 'memory');
}
