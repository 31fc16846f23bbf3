/** Modules hosted as in a worker, without the worker: real WASM, guarded; what goes out is kept in a list. */
import { readFileSync } from 'node:fs';
import { ModuleInstance } from '../../../../gateway/src/adapters/wasm/module-instance.ts';
import { seededRandom } from '../../../../gateway/src/base/random.ts';
import { allocatePoints, type PointColumns } from '../../../../gateway/src/core/model/points.ts';
import { DERIVED_SERIES_BASE, type Series } from '../../../../gateway/src/core/model/series.ts';
import { encodeConfigBlock, type InputConfig } from '../../../../gateway/src/core/modules/config-block.ts';
import type { DerivedLane } from '../../../../gateway/src/core/modules/counted-sink.ts';
import { DerivedRegistry } from '../../../../gateway/src/core/modules/derived-registry.ts';
import { HostDesk } from '../../../../gateway/src/core/modules/host-desk.ts';
import { HostedModules, type SlottedSpec } from '../../../../gateway/src/core/modules/hosted-modules.ts';
import { type ModuleManifest, parseManifest } from '../../../../gateway/src/core/modules/manifest.ts';
import { ModuleBinding } from '../../../../gateway/src/core/modules/module-binding.ts';
import { ModuleRun } from '../../../../gateway/src/core/modules/module-run.ts';
import { Recovery } from '../../../../gateway/src/core/modules/recovery.ts';
import { admitForHost } from '../../../../gateway/src/main/modules/load-module.ts';

export interface RigSpec extends SlottedSpec {
  readonly manifest: ModuleManifest;
  readonly compiled: WebAssembly.Module;
  readonly config: InputConfig;
}

const compiled = new Map<string, { manifest: ModuleManifest; compiled: WebAssembly.Module }>();

/** A module of this repository, admitted and compiled once. */
export function builtIn(id: string): { manifest: ModuleManifest; compiled: WebAssembly.Module } {
  const known = compiled.get(id);
  if (known !== undefined) return known;
  const folder = new URL(`../../../../modules/${id}/build/`, import.meta.url);
  const manifest = parseManifest(readFileSync(new URL('manifest.json', folder), 'utf8'));
  const wasm = readFileSync(new URL(`${id}.wasm`, folder));
  const made = { manifest, compiled: new WebAssembly.Module(admitForHost(wasm, manifest, null)) };
  compiled.set(id, made);
  return made;
}

export function specOf(slot: number, name: string, id: string, config: InputConfig): RigSpec {
  return { slot, name, ...builtIn(id), config };
}

export const SERIES: readonly Series[] = Array.from({ length: 12 }, (_, id) => ({
  ...{ id, device: `device${id % 3}`, point: `p${id}`, unit: '', type: 'gauge' as const, lane: 'live' as const },
}));

/** Stands for a worker that is ended in the middle of a call. */
export class Ended extends Error {}

export interface RigOptions {
  readonly recovery?: SharedArrayBuffer;
  /** A call of this number, counted over all modules from 1, never comes back. */
  readonly endAtCall?: number;
  /** Series that a worker before this one has made. */
  readonly known?: readonly Series[];
}

/** One worker's worth of modules. */
export class Rig {
  readonly modules: HostedModules<RigSpec>;
  /** Rows as they would reach the store: `lane series time value quality`. */
  readonly stored: string[] = [];
  readonly made: Series[] = [];
  readonly fresh: string[] = [];
  calls = 0;
  /** Slot of the module being called when the worker was ended. */
  culprit: number | undefined;
  nowMs = 0;
  readonly #buffer: { lane: DerivedLane; row: string }[] = [];
  readonly #registry: DerivedRegistry;
  readonly #names = new Map<number, string>();

  constructor({ recovery, endAtCall = Infinity, known = [] }: RigOptions = {}) {
    const range = { from: DERIVED_SERIES_BASE, to: DERIVED_SERIES_BASE + 10_000 };
    this.#registry = new DerivedRegistry(known, range);
    for (const one of known) this.#names.set(one.id, `${one.device}/${one.point}`);
    const random = seededRandom(1);
    this.modules = new HostedModules<RigSpec>({
      onFresh: (name) => this.fresh.push(name),
      makeRun: (spec, before, { onFresh }) => {
        const binding = new ModuleBinding(spec.name, spec.manifest, ['**'], this.#registry, (id) => SERIES[id]);
        for (const one of SERIES) binding.addSeries(one);
        const desk = new HostDesk(spec.manifest, {
          log: () => undefined,
          emit: () => undefined,
          epochMs: () => 0,
          nowMs: () => this.nowMs,
        });
        const config = encodeConfigBlock(spec.manifest, [spec.config], spec.name);
        return new ModuleRun(
          {
            binding,
            desk,
            instantiate: () => new ModuleInstance(spec.compiled, spec.manifest, config, desk),
            marker: {
              enter: () => {
                if (++this.calls !== endAtCall) return;
                this.culprit = spec.slot;
                throw new Ended();
              },
              leave: () => undefined,
            },
            onFresh,
            quarantineAfter: 8,
            random,
            nowMs: () => this.nowMs,
            log: () => undefined,
          },
          before,
        );
      },
      outbox: {
        point: (lane, series, timeMs, value, quality) => {
          this.#buffer.push({ lane, row: `${lane} ${this.#nameOf(series)} ${timeMs} ${value} ${quality}` });
        },
        shed: () => undefined,
      },
      recovery: recovery === undefined ? null : new Recovery(recovery),
      onQuarantine: () => undefined,
      nowMs: () => this.nowMs,
      log: () => undefined,
    });
  }

  /** What the outbox does when the store takes rows. */
  flush(): void {
    for (const lane of ['alarm', 'aggregate'] as const) {
      this.stored.push(...this.#buffer.filter((one) => one.lane === lane).map(({ row }) => row));
      this.modules.laneSent(lane);
    }
    this.#buffer.length = 0;
  }

  #nameOf(series: number): string {
    for (const one of this.#registry.takeAdded()) {
      this.made.push(one);
      this.#names.set(one.id, `${one.device}/${one.point}`);
    }
    return this.#names.get(series) ?? String(series);
  }
}

/** Readings of all series, in order, with jumps now and then. */
export function makeBatches(count: number, rows: number, seed: number): PointColumns[] {
  const random = seededRandom(seed);
  let time = 1_795_500_000_000;
  return Array.from({ length: count }, () => {
    const points = allocatePoints(rows);
    points.length = rows;
    for (let row = 0; row < rows; row++) {
      time += random.below(20);
      points.timeMs[row] = time - random.below(5);
      points.value[row] = Math.round((random.next() * 100 + (random.below(50) === 0 ? 200 : 0)) * 8) / 8;
      points.series[row] = random.below(SERIES.length);
      points.quality[row] = random.below(40) === 0 ? 2 : 0;
    }
    return points;
  });
}
