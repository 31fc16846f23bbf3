import { compileModule } from '../../adapters/wasm/module-instance.ts';
import { admitForHost } from '../modules/load-module.ts';
import type { Call } from './bench-side.ts';
import type { BuiltModule } from './program.ts';
import { type Spread, spread } from './spread.ts';

/** Milliseconds. */
export interface ColdStart {
  readonly guardMs: Spread;
  readonly compileMs: Spread;
  /** Instance and `gw_init`. */
  readonly startMs: Spread;
  readonly firstCallMs: Spread;
}

const RUNS = 7;

/**
 * From octets to the first answer, several times. V8 keeps compiled code by the octets of a module: each run gets a binary of its own, or
 * only the first would be cold.
 * @param start makes an instance and gives the call to be timed.
 */
export function coldStart(
  { wasm, manifest, admitted }: BuiltModule,
  start: (compiled: WebAssembly.Module) => Call,
): ColdStart {
  const [guard, compile, starts, first]: [number[], number[], number[], number[]] = [[], [], [], []];
  for (let run = 0; run < RUNS; run++) {
    guard.push(timed(() => admitForHost(wasm, manifest, null)).ms);
    const own = withSection(admitted, run);
    const compiled = timed(() => compileModule(own, manifest));
    const call = timed(() => start(compiled.value));
    compile.push(compiled.ms);
    starts.push(call.ms);
    first.push(call.value() / 1e6);
  }
  return { guardMs: spread(guard), compileMs: spread(compile), startMs: spread(starts), firstCallMs: spread(first) };
}

/** Runs `work` once. */
export function timed<T>(work: () => T): { value: T; ms: number } {
  const start = performance.now();
  const value = work();
  return { value, ms: performance.now() - start };
}

/** A custom section at the end changes no meaning. */
function withSection(wasm: Uint8Array, number: number): Uint8Array {
  const section = [0, 6, 4, 0x72, 0x75, 0x6e, 0x20, number & 127];
  const octets = new Uint8Array(wasm.length + section.length);
  octets.set(wasm);
  octets.set(section, wasm.length);
  return octets;
}
