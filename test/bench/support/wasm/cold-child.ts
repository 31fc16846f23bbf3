/**
 * A process of its own, because what matters is the first time: one JSON line. `cold-child.ts guard FILE` guards a module;
 * `cold-child.ts start FOLDER` brings up the window module with the cache in FOLDER; `cold-child.ts memory MODULE` makes
 * many instances of it, or of the smallest module that there is.
 */
import { readFileSync } from 'node:fs';
import { GuardCacheFolder } from '../../../../gateway/src/adapters/files/guard-cache.ts';
import { guardedOrCached } from '../../../../gateway/src/core/modules/guard/cache.ts';
import { guardModule } from '../../../../gateway/src/core/modules/guard/guard.ts';
import { BODY, wasmModule } from '../../../support/wasm-module.ts';
import { memoryOf } from '../process-figures.ts';
import { Gw1Instance, windowAggregate } from './gw1-calls.ts';
import { compile, ROOMY, validate } from './limits.ts';

const INSTANCES = 200;

function guardOnce(path: string) {
  const wasm = readFileSync(path);
  const start = performance.now();
  validate(wasm);
  const validated = performance.now();
  const { binary } = guardModule(wasm, ROOMY, () => true);
  const guardMs = performance.now() - validated;
  return { bytes: wasm.length, guardedBytes: binary.length, validateMs: validated - start, guardMs };
}

function startOnce(folder: string) {
  const { manifest, wasm } = windowAggregate();
  const cache = GuardCacheFolder.open(folder, (error) => console.error(error));
  const start = performance.now();
  const binary = guardedOrCached(wasm, ROOMY, validate, cache);
  const guarded = performance.now();
  new Gw1Instance(compile(binary), manifest);
  return { guardMs: guarded - start, compileMs: performance.now() - guarded };
}

/** Anonymous resident octets of the process for each instance: linear memory that was touched, and what the engine keeps for it. */
function memoryOfInstances(which: string) {
  const { manifest, wasm: window } = windowAggregate();
  const wasm = which === 'small' ? wasmModule(BODY.quiet) : window;
  const module = compile(guardedOrCached(wasm, ROOMY, validate, null));
  const warm = Array.from({ length: 5 }, () => new Gw1Instance(module, manifest));
  for (const instance of warm) for (let i = 0; i < 50; i++) instance.batch();
  const settle = () => {
    for (let i = 0; i < 3; i++) globalThis.gc?.();
    const { anonymousMb, pssMb } = memoryOf(process.pid);
    return { anonymousMb, pssMb };
  };
  const before = settle();
  const instances = Array.from({ length: INSTANCES }, () => new Gw1Instance(module, manifest));
  const made = settle();
  for (const instance of instances) instance.batch();
  const called = settle();
  const kbEach = (from: typeof before, to: typeof before) => ((to.anonymousMb - from.anonymousMb) * 1024) / INSTANCES;
  return { madeKb: kbEach(before, made), calledKb: kbEach(before, called), alive: instances.length + warm.length };
}

const [what, argument = ''] = process.argv.slice(2);
const result =
  what === 'guard' ? guardOnce(argument) : what === 'start' ? startOnce(argument) : memoryOfInstances(argument);
console.log(JSON.stringify(result));
