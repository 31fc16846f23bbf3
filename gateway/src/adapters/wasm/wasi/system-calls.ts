import { GatewayError } from '../../../base/errors.ts';
import { CLOCK, refuse } from './abi.ts';
import type { WasiCallName } from './grants.ts';
import type { GuestMemory } from './guest-memory.ts';

/** Of one call: a seed takes 32, and what the host does here is not in the module's own time. */
const RANDOM_BYTES_MAX = 65_536;
const SUBSCRIPTIONS_MAX = 64;
const SUBSCRIPTION_BYTES = 48;
const EVENT_BYTES = 32;
const NS_PER_MS = 1_000_000n;

/** The module has called `proc_exit`: its instance is over. */
export class ModuleExited extends GatewayError {
  readonly exitCode: number;

  constructor(module: string, exitCode: number) {
    super('corrupt', `module ${module}: it ended itself (proc_exit) with code ${exitCode}`, {
      hint: 'A module returns −errno for what it cannot do; exit, abort and an unhandled panic end it.',
    });
    this.exitCode = exitCode;
  }
}

export interface SystemParts {
  readonly module: string;
  readonly memory: GuestMemory;
  /** Unix epoch, ms. */
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
  readonly fillRandom: (octets: Uint8Array) => void;
}

/** A call as the engine makes it: i32 as number, i64 as bigint. It succeeds when it returns; see `Refusal`. */
export type WasiFunction = (...args: never[]) => void;
export type WasiFunctions = Partial<Record<WasiCallName, WasiFunction>>;

/** What takes no descriptor: clocks, random, the empty environment, and the calls that are refused. */
export function systemCalls({ module, memory, nowMs, monotonicMs, fillRandom }: SystemParts): WasiFunctions {
  /** Whole milliseconds: a finer clock serves an attacker better than a module. */
  const read = (clock: number): bigint => {
    if (clock === CLOCK.realtime) return BigInt(Math.floor(nowMs())) * NS_PER_MS;
    if (clock === CLOCK.monotonic) return BigInt(Math.floor(monotonicMs())) * NS_PER_MS;
    return refuse('inval');
  };
  const none = (countAt: number, bytesAt: number) => {
    memory.setU32(countAt, 0);
    memory.setU32(bytesAt, 0);
  };
  const notSupported = () => refuse('notsup');
  return {
    args_get: () => undefined,
    args_sizes_get: none,
    environ_get: () => undefined,
    environ_sizes_get: none,
    clock_res_get(clock: number, at: number) {
      read(clock);
      memory.setU64(at, NS_PER_MS);
    },
    clock_time_get: (clock: number, _precision: bigint, at: number) => memory.setU64(at, read(clock)),
    random_get(at: number, length: number) {
      if (length >>> 0 > RANDOM_BYTES_MAX) refuse('inval');
      const octets = memory.bytes(at, length);
      memory.charge(octets.length);
      fillRandom(octets);
    },
    sched_yield: () => undefined,
    proc_exit(code: number) {
      throw new ModuleExited(module, code >>> 0);
    },
    poll_oneoff: (from: number, to: number, count: number, doneAt: number) => {
      memory.setU32(doneAt, pollClocks(memory, from, to, count >>> 0, read));
    },
    sock_accept: notSupported,
    sock_recv: notSupported,
    sock_send: notSupported,
    sock_shutdown: notSupported,
  };
}

/** Clocks that are due become events; a shared worker cannot sleep, so one that is not makes the call `ENOTSUP`. */
function pollClocks(memory: GuestMemory, from: number, to: number, count: number, read: (clock: number) => bigint) {
  if (count === 0 || count > SUBSCRIPTIONS_MAX) refuse('inval');
  const subscriptions = memory.view(from, count * SUBSCRIPTION_BYTES);
  const events = memory.view(to, count * EVENT_BYTES);
  const userdata = Array.from({ length: count }, (_, i) => {
    const at = i * SUBSCRIPTION_BYTES;
    const isClock = subscriptions.getUint8(at + 8) === 0;
    const isAbsolute = (subscriptions.getUint16(at + 40, true) & 1) === 1;
    const timeout = subscriptions.getBigUint64(at + 24, true);
    if (!isClock || timeout > (isAbsolute ? read(subscriptions.getUint32(at + 16, true)) : 0n)) refuse('notsup');
    return subscriptions.getBigUint64(at, true);
  });
  userdata.forEach((value, i) => {
    for (let word = 0; word < EVENT_BYTES; word += 8)
      events.setBigUint64(i * EVENT_BYTES + word, word === 0 ? value : 0n, true);
  });
  return count;
}
