/** What Linux knows about a process and the machine, from /proc. */
import * as fs from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

export interface MemoryFigures {
  /** Proportional set size: shared pages count in part. */
  readonly pssMb: number;
  /** Resident pages that no file stands behind. */
  readonly anonymousMb: number;
}

/** Octets that the process has caused to be sent to storage: pages when they became dirty, so metadata of the file system is not in it. */
export function writtenBytes(pid: number): number {
  return field(fs.readFileSync(`/proc/${pid}/io`, 'utf8'), 'write_bytes');
}

export function memoryOf(pid: number): MemoryFigures {
  const text = fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return { pssMb: field(text, 'Pss') / 1024, anonymousMb: field(text, 'Anonymous') / 1024 };
}

/** Seconds of processor time of all threads, user and system. */
export function cpuSeconds(pid: number): number {
  const text = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  // proc(5): the name in parentheses may hold spaces; utime and stime are fields 14 and 15, in ticks of 10 ms.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

export interface MachineFigures {
  readonly cores: number;
  readonly processor: string;
  readonly memoryGb: number;
  /** Over the last minute. */
  readonly loadAverage: number;
  /** Ticks of all processors since boot, and those of them that the host took. */
  readonly ticks: number;
  readonly stolenTicks: number;
  /** Those in which a processor worked. */
  readonly busyTicks: number;
}

export function machineFigures(): MachineFigures {
  const [line = ''] = fs.readFileSync('/proc/stat', 'utf8').split('\n');
  // proc(5): user nice system idle iowait irq softirq steal; guest time is in user already.
  const ticks = line.split(/\s+/).slice(1, 9).map(Number);
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    memoryGb: totalmem() / 2 ** 30,
    loadAverage: loadavg()[0]!,
    ticks: ticks.reduce((sum, n) => sum + n, 0),
    stolenTicks: ticks[7] ?? 0,
    busyTicks: ticks.reduce((sum, n, at) => (at === 3 || at === 4 ? sum : sum + n), 0),
  };
}

function field(text: string, name: string): number {
  const match = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text);
  if (match === null) throw new Error(`${name}: a line of that name expected, none found`);
  return Number(match[1]);
}
