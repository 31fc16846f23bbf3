/**
 * How fast a module is on this machine, as the gateway runs it (guarded, with fuel) and as its compiler left it. Both take turns in short
 * rounds, so that what else the machine does meets both. A round's figure is its median call, and the figure told is the median of rounds. Only calls are timed, not the filling of batches.
 */
import { FunctionInstance } from '../../adapters/wasm/function-instance.ts';
import { ModuleInstance } from '../../adapters/wasm/module-instance.ts';
import { GatewayError } from '../../base/errors.ts';
import { encodeEvent } from '../../core/model/event.ts';
import type { BatchViews } from '../../core/modules/batch-layout.ts';
import { type ColdStart, coldStart } from './bench-cold.ts';
import { BENCH_EVENT, BenchLoad } from './bench-load.ts';
import { type BenchSide, type Call, Side } from './bench-side.ts';
import { type StateCost, stateCost } from './bench-state.ts';
import { RecordedCalls } from './effects.ts';
import { calling } from './failures.ts';
import type { BuiltModule } from './program.ts';
import { RawInstance } from './raw-instance.ts';
import { median, type Spread, spread } from './spread.ts';

export interface BenchOptions {
  readonly seconds: number;
  readonly rows: number;
  readonly series: number;
  readonly config: Uint8Array;
}

export interface BenchResult {
  readonly rows: number;
  readonly series: number;
  readonly rounds: number;
  readonly guarded: BenchSide;
  readonly unguarded: BenchSide;
  /** Of the rounds’ ratios of guarded to unguarded time, less one. */
  readonly fuelOverhead: Spread;
  readonly fuelPerRow: number;
  /** Largest share of `limits.fuelPerCall` that a call took, its pages included. */
  readonly fuelShareMax: number;
  readonly rowsOut: number;
  /** Calls answered with −errno. */
  readonly refused: number;
  readonly memoryBytes: number;
  readonly cold: ColdStart;
  /** Null when the manifest names none. */
  readonly state: StateCost | null;
  /** Nanoseconds that taking the time twice costs: part of every call above. */
  readonly timerNs: number;
}

const ROUNDS = 7;
const WARM_MS = 300;
const METERED_CALLS = 200;

/** @throws GatewayError when the module traps or breaks the ABI under this load. */
export function benchModule(built: BuiltModule, options: BenchOptions): BenchResult {
  return calling('bench', () => new Bench(built, options).run());
}

class Bench {
  readonly #built: BuiltModule;
  readonly #options: BenchOptions;
  readonly #load: BenchLoad;
  readonly #calls = new RecordedCalls(() => undefined);
  readonly #event = encodeEvent(BENCH_EVENT);
  #rowsOut = 0;
  #refused = 0;

  constructor(built: BuiltModule, options: BenchOptions) {
    this.#built = built;
    this.#options = options;
    this.#load = new BenchLoad(options.rows, options.series);
  }

  run(): BenchResult {
    const cold = coldStart(this.#built, (compiled) => this.#startGuarded(compiled).call);
    const guarded = this.#startGuarded();
    const unguarded = this.#startRaw(new WebAssembly.Module(this.#built.wasm));
    const sides = [new Side(guarded.call), new Side(unguarded.call)] as const;
    for (const side of sides) side.warm(WARM_MS);
    const roundMs = (this.#options.seconds * 1000) / (2 * ROUNDS);
    // Turn and turn about, each first in half of the rounds: whoever comes second finds another machine.
    for (let round = 0; round < ROUNDS; round++)
      for (const side of round % 2 === 0 ? sides : [sides[1], sides[0]]) side.round(roundMs);
    const { fuelPerCall, fuelShareMax } = this.#meter();
    const rows = this.#rowsPerCall;
    return {
      rows,
      series: this.#options.series,
      rounds: ROUNDS,
      guarded: sides[0].result(rows),
      unguarded: sides[1].result(rows),
      fuelOverhead: spread(sides[0].nsPerCall.map((ns, round) => ns / sides[1].nsPerCall[round]! - 1)),
      fuelPerRow: fuelPerCall / rows,
      fuelShareMax,
      rowsOut: this.#rowsOut,
      refused: this.#refused,
      memoryBytes: guarded.memoryBytes(),
      cold,
      state: this.#stateOf(guarded.instance),
      timerNs: timerNs(),
    };
  }

  #stateOf(instance: ModuleInstance | null): StateCost | null {
    const { manifest, compiled } = this.#built;
    if (instance === null || manifest.state === null) return null;
    return stateCost(instance, () => new ModuleInstance(compiled, manifest, this.#options.config, this.#calls));
  }

  get #rowsPerCall(): number {
    return this.#built.manifest.kind === 'function' ? 1 : this.#options.rows;
  }

  #startGuarded(compiled = this.#built.compiled) {
    const { manifest } = this.#built;
    const { config } = this.#options;
    if (manifest.kind === 'function') {
      const instance = new FunctionInstance(compiled, manifest, config, this.#calls);
      return {
        call: this.#events((event) => instance.onEvent(event).errno),
        instance: null,
        memoryBytes: () => instance.memoryBytes,
      };
    }
    const instance = new ModuleInstance(compiled, manifest, config, this.#calls);
    return { call: this.#batches(instance), instance, memoryBytes: () => instance.memoryBytes };
  }

  #startRaw(compiled: WebAssembly.Module): { call: Call; instance: RawInstance } {
    const { manifest } = this.#built;
    const instance = new RawInstance(compiled, manifest, this.#options.config, this.#calls);
    if (manifest.kind !== 'function') return { call: this.#batches(instance), instance };
    return { call: this.#events((event) => instance.onEvent(event)), instance };
  }

  #batches(instance: ModuleInstance | RawInstance): Call {
    const { rows } = this.#options;
    if (rows > instance.inputRows)
      throw new GatewayError('invalid', `--rows: at most ${instance.inputRows} fit the module’s input, ${rows} found`);
    const take = (output: BatchViews) => {
      this.#rowsOut += output.count;
    };
    return () => {
      this.#load.fill(instance.input(rows));
      this.#calls.sawTime(this.#load.nowMs);
      const start = performance.now();
      const result = instance.onBatch(rows, take);
      const took = performance.now() - start;
      if (result < 0) this.#refused++;
      return took * 1e6;
    };
  }

  /** @param send sends an event and gives 0 or −errno. */
  #events(send: (event: Uint8Array) => number): Call {
    return () => {
      const start = performance.now();
      const errno = send(this.#event);
      const took = performance.now() - start;
      if (errno < 0) this.#refused++;
      else this.#rowsOut++;
      return took * 1e6;
    };
  }

  /** In an instance of its own, for reading fuel costs time. */
  #meter(): { fuelPerCall: number; fuelShareMax: number } {
    const { call, instance } = this.#startRaw(this.#built.compiled);
    const start = instance.fuelUsed;
    let most = 0;
    for (let i = 0; i < METERED_CALLS; i++) {
      const before = instance.fuelUsed;
      call();
      most = Math.max(most, instance.fuelUsed - before);
    }
    return {
      fuelPerCall: (instance.fuelUsed - start) / METERED_CALLS,
      fuelShareMax: most / this.#built.manifest.limits.fuelPerCall,
    };
  }
}

function timerNs(): number {
  const samples = Array.from({ length: 1001 }, () => {
    const start = performance.now();
    return (performance.now() - start) * 1e6;
  });
  return median(samples);
}
