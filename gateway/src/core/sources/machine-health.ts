import { type Millis, millis } from '../../base/units.ts';
import type { SystemFiles } from './ports.ts';
import {
  type CpuTicks,
  parseCpuTicks,
  parseDiskTraffic,
  parseLoadOneMinute,
  parseMemory,
  parseNetworkTraffic,
  type Traffic,
} from './proc-text.ts';
import { readTemperatures } from './temperatures.ts';

/** Counters as they stood at one moment. */
interface Counters {
  readonly at: Millis;
  readonly cpu: CpuTicks | undefined;
  readonly disk: Traffic | undefined;
  readonly network: Traffic | undefined;
}

/**
 * The machine's own health as named values, read directly from /proc and /sys: about 0.2 ms a sample, no child process.
 * What the machine does not show is not there; rates need two samples and appear from the second on.
 */
export class MachineHealth {
  readonly #files: SystemFiles;
  #before: Counters | undefined;

  constructor(files: SystemFiles) {
    this.#files = files;
  }

  /** @param at on a clock that never goes back. @returns values by point name, each finite. */
  sample(at: Millis): Map<string, number> {
    const values = new Map<string, number | undefined>();
    const text = (path: string) => this.#files.read(path) ?? '';

    values.set('load1', parseLoadOneMinute(text('/proc/loadavg')));
    const memory = parseMemory(text('/proc/meminfo'));
    values.set('memoryAvailableBytes', memory?.availableBytes);
    values.set('memoryUsedPercent', memory && percent(memory.totalBytes - memory.availableBytes, memory.totalBytes));
    values.set('diskUsedPercent', this.#files.diskUsedPercent());

    const now: Counters = {
      at,
      cpu: parseCpuTicks(text('/proc/stat')),
      disk: parseDiskTraffic(text('/proc/diskstats')),
      network: parseNetworkTraffic(text('/proc/net/dev')),
    };
    if (this.#before !== undefined) addRates(values, this.#before, now);
    this.#before = now;

    for (const [point, celsius] of readTemperatures(this.#files)) values.set(point, celsius);
    return new Map([...values].filter((entry): entry is [string, number] => Number.isFinite(entry[1])));
  }
}

function addRates(values: Map<string, number | undefined>, before: Counters, now: Counters): void {
  const span = millis(Math.max(0, now.at - before.at));
  if (before.cpu && now.cpu) {
    values.set('cpuPercent', percent(now.cpu.busy - before.cpu.busy, now.cpu.total - before.cpu.total));
  }
  values.set('diskReadBytesPerSecond', perSecond(before.disk?.inBytes, now.disk?.inBytes, span));
  values.set('diskWriteBytesPerSecond', perSecond(before.disk?.outBytes, now.disk?.outBytes, span));
  values.set('networkReceiveBytesPerSecond', perSecond(before.network?.inBytes, now.network?.inBytes, span));
  values.set('networkSendBytesPerSecond', perSecond(before.network?.outBytes, now.network?.outBytes, span));
}

/** Undefined when a counter went back: an interface or a disk has gone, or the counter wrapped. */
function perSecond(before: number | undefined, now: number | undefined, span: Millis): number | undefined {
  if (before === undefined || now === undefined || now < before || span === 0) return undefined;
  return Math.round(((now - before) * 1000) / span);
}

/** In 0..100, to two places; undefined when `whole` is nothing. */
function percent(part: number, whole: number): number | undefined {
  if (!(whole > 0)) return undefined;
  return Math.round(Math.min(1, Math.max(0, part / whole)) * 10_000) / 100;
}
