import { GatewayError } from '../../base/errors.ts';
import { ERRNO } from '../../core/modules/errno.ts';
import type { ModuleManifest } from '../../core/modules/manifest.ts';
import type { HostCalls, RatedCall } from '../../core/modules/ports.ts';

/** Octets of an event's data. */
const EMIT_BYTES_MAX = 65_536;
/** Octets read of a line or a name; a longer line is cut. */
const TEXT_BYTES_MAX = 1024;

const decoder = new TextDecoder();

const TYPES = {
  log: '(i32, i32, i32) -> ()',
  now: '() -> (f64)',
  metric: '(i32, i32, f64) -> ()',
  emit: '(i32, i32, i32, i32) -> (i32)',
} as const;

/** Imports of `gw1` that the manifest grants, with the types they must have, as the guard names them. */
export function hostImportTypes({ capabilities }: ModuleManifest): ReadonlyMap<string, string> {
  const granted = Object.entries(TYPES).filter(([name]) => (capabilities as readonly string[]).includes(name));
  return new Map(granted.map(([name, type]) => [`gw1.${name}`, type]));
}

/**
 * The functions of `gw1` that the manifest grants. Each pointer and length is checked against the memory as it is at the call.
 * @param memory the instance's own, known only after it is made. @throws GatewayError `corrupt`, within a call: the instance ends.
 */
export function hostImports(
  { id, capabilities }: ModuleManifest,
  calls: HostCalls,
  memory: () => WebAssembly.Memory,
): Record<string, (...args: number[]) => unknown> {
  const octets = (what: string, pointer: number, length: number, max: number): Uint8Array => {
    const at = pointer >>> 0;
    const size = length >>> 0;
    const { buffer } = memory();
    if (at + size > buffer.byteLength) {
      throw new GatewayError(
        'corrupt',
        `module ${id}: gw1.${what}: octets inside its memory of ${buffer.byteLength} expected, ${size} at ${at} found`,
      );
    }
    return new Uint8Array(buffer, at, Math.min(size, max));
  };
  const text = (what: RatedCall, pointer: number, length: number) => octets(what, pointer, length, TEXT_BYTES_MAX);
  // Decoding and copying cost far more than the call does in fuel: neither is done to what is over the rate.
  const takes = (what: RatedCall) => calls.takes?.(what) !== false;
  const all = {
    log: (level: number, pointer: number, length: number) => {
      const line = text('log', pointer, length);
      if (takes('log')) calls.log(level, decoder.decode(line));
    },
    now: () => calls.now(),
    metric: (pointer: number, length: number, value: number) => {
      const name = text('metric', pointer, length);
      if (takes('metric')) calls.metric(decoder.decode(name), value);
    },
    emit: (typeAt: number, typeLength: number, dataAt: number, dataLength: number) => {
      if (dataLength >>> 0 > EMIT_BYTES_MAX) return ERRNO.EINVAL;
      const data = octets('emit', dataAt, dataLength, EMIT_BYTES_MAX);
      const type = text('emit', typeAt, typeLength);
      return takes('emit') ? calls.emit(decoder.decode(type), data.slice()) : ERRNO.EAGAIN;
    },
  };
  const granted = Object.entries(all).filter(([name]) => (capabilities as readonly string[]).includes(name));
  return Object.fromEntries(granted);
}
