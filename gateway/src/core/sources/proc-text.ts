/**
 * Readers of the kernel's text files, each from a file's whole text to numbers; undefined when the text is not of the expected
 * form. Counters run since boot and are made into rates elsewhere.
 * @see proc(5), and Documentation/admin-guide/iostats.rst in the kernel's sources
 */

/** Processes that ran or waited for the disk, averaged over the last minute (/proc/loadavg). */
export function parseLoadOneMinute(text: string): number | undefined {
  return finite(text.split(' ')[0]);
}

export interface Memory {
  readonly totalBytes: number;
  /** What a new program could get without swapping. */
  readonly availableBytes: number;
}

/** /proc/meminfo; its "kB" are units of 1024 octets. */
export function parseMemory(text: string): Memory | undefined {
  const total = finite(/^MemTotal:\s+(\d+) kB$/m.exec(text)?.[1]);
  const available = finite(/^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1]);
  if (total === undefined || available === undefined || total === 0) return undefined;
  return { totalBytes: total * 1024, availableBytes: available * 1024 };
}

/** Ticks of all processors together since boot (/proc/stat). */
export interface CpuTicks {
  readonly busy: number;
  readonly total: number;
}

/** Busy is all but idle and iowait; guest time is part of user time already. */
export function parseCpuTicks(text: string): CpuTicks | undefined {
  const columns = /^cpu +([\d ]+)$/m.exec(text)?.[1]?.trim().split(' ').map(Number);
  if (columns === undefined || columns.length < 4) return undefined;
  const total = columns.slice(0, 8).reduce((sum, ticks) => sum + ticks, 0);
  return { busy: total - columns[3]! - (columns[4] ?? 0), total };
}

/** Octets in and out since boot. */
export interface Traffic {
  readonly inBytes: number;
  readonly outBytes: number;
}

/** Whole disks only: partitions, and what lies on top of disks (dm, md, loop, zram), would count the same octets again. */
const WHOLE_DISK = /^([shv]d[a-z]+|xvd[a-z]+|nvme\d+n\d+|mmcblk\d+)$/;
/** In /proc/diskstats a sector is 512 octets whatever the disk says. */
const SECTOR_BYTES = 512;

/** Octets read (`inBytes`) and written (`outBytes`) by all disks; undefined when there is none. */
export function parseDiskTraffic(text: string): Traffic | undefined {
  return sumTraffic(
    text.split('\n').flatMap((line) => {
      const columns = line.trim().split(/\s+/);
      if (!WHOLE_DISK.test(columns[2] ?? '')) return [];
      return [{ inBytes: Number(columns[5]) * SECTOR_BYTES, outBytes: Number(columns[9]) * SECTOR_BYTES }];
    }),
  );
}

/** Inside the machine, or on top of another interface. */
const VIRTUAL_INTERFACE = /^(lo|ifb|veth|docker|br-|virbr|dummy|tun|tap|bond|wg)/;

/** Octets received and sent by all interfaces that lead out of the machine; undefined when there is none. */
export function parseNetworkTraffic(text: string): Traffic | undefined {
  return sumTraffic(
    text.split('\n').flatMap((line) => {
      const [name, counters] = line.split(':');
      if (counters === undefined || VIRTUAL_INTERFACE.test(name!.trim())) return [];
      const columns = counters.trim().split(/\s+/).map(Number);
      return [{ inBytes: columns[0] ?? Number.NaN, outBytes: columns[8] ?? Number.NaN }];
    }),
  );
}

function sumTraffic(parts: Traffic[]): Traffic | undefined {
  const inBytes = parts.reduce((sum, part) => sum + part.inBytes, 0);
  const outBytes = parts.reduce((sum, part) => sum + part.outBytes, 0);
  return parts.length > 0 && Number.isFinite(inBytes + outBytes) ? { inBytes, outBytes } : undefined;
}

function finite(text: string | undefined): number | undefined {
  const value = text === undefined || text === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
}
