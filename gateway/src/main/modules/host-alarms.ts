import type { Clock } from '../../base/clock.ts';
import { ALARM_STATE } from '../../core/model/quality.ts';
import type { Series } from '../../core/model/series.ts';
import { DERIVED_LIMIT, type DerivedRegistry } from '../../core/modules/derived-registry.ts';
import type { DerivedOutbox } from './derived-outbox.ts';

/** The device part of the host's own alarms is the gateway's name, the point part this: `gw1/modules!<name>.quarantined`. */
const HOST_POINT = 'modules';

/** Alarms about modules, and the clearing of alarms that a module no longer stands for. */
export class HostAlarms {
  readonly #gatewayId: string;
  readonly #registry: DerivedRegistry;
  readonly #outbox: DerivedOutbox;
  readonly #seriesOf: (id: number) => Series | undefined;
  readonly #clock: Clock;

  constructor(
    gatewayId: string,
    registry: DerivedRegistry,
    outbox: DerivedOutbox,
    seriesOf: (id: number) => Series | undefined,
    clock: Clock,
  ) {
    this.#gatewayId = gatewayId;
    this.#registry = registry;
    this.#outbox = outbox;
    this.#seriesOf = seriesOf;
    this.#clock = clock;
  }

  /**
   * A new instance starts with every alarm down. What the one before it had raised is cleared, without a value: if its condition still holds, the
   * next reading raises it again; otherwise nobody would ever clear it.
   */
  rearm(module: string): void {
    for (const id of [...this.#outbox.raised]) {
      const series = this.#seriesOf(id);
      if (series === undefined || this.#isHosts(series) || !series.point.includes(`!${module}.`)) continue;
      this.#outbox.point('alarm', id, this.#clock.now(), Number.NaN, ALARM_STATE.cleared);
    }
  }

  /** Said when it changes only. */
  quarantine(module: string, isQuarantined: boolean): void {
    const input = {
      id: -1,
      device: this.#gatewayId,
      point: HOST_POINT,
      unit: '',
      type: 'gauge',
      lane: 'live',
    } as const;
    const output = { name: 'quarantined', kind: 'alarm', unit: '', help: '' } as const;
    if (!isQuarantined && this.#outbox.raised.size === 0) return;
    const series = this.#registry.resolve(input, module, output);
    if (series === DERIVED_LIMIT || this.#outbox.raised.has(series) === isQuarantined) return;
    const state = isQuarantined ? ALARM_STATE.raised : ALARM_STATE.cleared;
    this.#outbox.point('alarm', series, this.#clock.now(), isQuarantined ? 1 : 0, state);
  }

  #isHosts({ device, point }: Series): boolean {
    return device === this.#gatewayId && point.startsWith(`${HOST_POINT}!`);
  }
}
