import { ModuleInstance, type SystemInterface } from '../../adapters/wasm/module-instance.ts';
import { systemClock } from '../../base/clock.ts';
import { type Random, seededRandom } from '../../base/random.ts';
import type { Series } from '../../core/model/series.ts';
import type { DerivedRegistry } from '../../core/modules/derived-registry.ts';
import { HostDesk } from '../../core/modules/host-desk.ts';
import type { RunPlace } from '../../core/modules/hosted-modules.ts';
import { ModuleBinding } from '../../core/modules/module-binding.ts';
import { ModuleRun } from '../../core/modules/module-run.ts';
import type { Recovery } from '../../core/modules/recovery.ts';
import type { ModuleStatus } from '../../core/modules/status.ts';
import { notify } from '../worker-notice.ts';
import { CallMarks } from './call-marks.ts';
import type { ModuleSpec } from './module-spec.ts';

export interface RunFactoryParts {
  readonly calls: SharedArrayBuffer;
  readonly registry: DerivedRegistry;
  readonly seriesOf: (id: number) => Series | undefined;
  /** What a profile other than `core` adds, for a new instance. */
  readonly systemOf: (spec: ModuleSpec) => SystemInterface | undefined;
  readonly quarantineAfter: number;
  readonly recovery: Recovery;
}

/** Makes runs of modules from what main says of them. */
export class ModuleRunFactory {
  readonly #parts: RunFactoryParts;
  readonly #marks: CallMarks;
  readonly #random: Random = seededRandom(Date.now());

  constructor(parts: RunFactoryParts) {
    this.#parts = parts;
    this.#marks = new CallMarks(parts.calls);
  }

  make(spec: ModuleSpec, before: ModuleStatus | undefined, place: RunPlace, series: Iterable<Series>): ModuleRun {
    const { registry, seriesOf, systemOf, quarantineAfter, recovery } = this.#parts;
    const { name, manifest } = spec;
    const emitted = recovery.emittedBy(spec.slot);
    const binding = new ModuleBinding(name, manifest, spec.inputs, registry, seriesOf);
    for (const one of series) binding.addSeries(one);
    const desk = new HostDesk(manifest, {
      log: (level, text) => notify({ notice: 'log', level, text: `module ${name}: ${text}` }),
      emit: (type, data) => {
        if (place.isBeside()) return;
        notify({ notice: 'emitted', module: name, type, data });
        emitted[0]!++;
      },
      epochMs: () => systemClock.now(),
      nowMs: () => systemClock.monotonic(),
    });
    return new ModuleRun(
      {
        binding,
        desk,
        instantiate: () => new ModuleInstance(spec.compiled, manifest, spec.config, desk, systemOf(spec)),
        marker: { enter: () => this.#marks.enter(spec.slot, place.isBeside()), leave: () => this.#marks.leave() },
        onFresh: place.onFresh,
        quarantineAfter,
        random: this.#random,
        nowMs: () => systemClock.monotonic(),
        log: (text) => notify({ notice: 'log', level: 'warn', text }),
      },
      before,
    );
  }
}
