/**
 * What the host does for a module that asks for it in its manifest's `capabilities`. A module that calls none of these imports nothing.
 * Text is a literal; for more, see `text.ts`, whose buffer these functions use: the text put together there is gone after `log`, `metric` or `emit`.
 */
import { addText, beginText, textFrom, textOctets } from './text';

// @ts-ignore: decorator
@external('gw1', 'log')
declare function hostLog(level: i32, from: usize, octets: i32): void;

// @ts-ignore: decorator
@external('gw1', 'now')
declare function hostNow(): f64;

// @ts-ignore: decorator
@external('gw1', 'metric')
declare function hostMetric(from: usize, octets: i32, value: f64): void;

// @ts-ignore: decorator
@external('gw1', 'emit')
declare function hostEmit(typeFrom: usize, typeOctets: i32, dataFrom: usize, dataOctets: i32): i32;

export const INFO: i32 = 0;
export const WARNING: i32 = 1;
export const ERROR: i32 = 2;

/** A line for the gateway's log (capability `log`): at most 1,024 octets, cut beyond; over the module's rate it is dropped. */
export function log(level: i32, line: string): void {
  beginText();
  addText(line);
  logText(level);
}

/** Logs what has been put together since `beginText`. */
export function logText(level: i32): void {
  hostLog(level, textFrom(), textOctets());
}

/** The gateway's wall clock (capability `now`), Unix epoch milliseconds; in a replay, the time of the newest row or tick. */
export function now(): f64 {
  return hostNow();
}

/** Sets a gauge (capability `metric`). `name`: `[a-z][a-z0-9_]{0,63}`, at most 32 names an instance. */
export function metric(name: string, value: f64): void {
  beginText();
  addText(name);
  hostMetric(textFrom(), textOctets(), value);
}

/**
 * Sends an event (capability `emit`) of `type` (1 to 128 of `[A-Za-z0-9._-]`) with `octets` (at most 65,536) of data at `from`.
 * Returns 0, EINVAL when it is malformed, or EAGAIN over the module's rate.
 */
export function emit(type: string, from: usize, octets: i32): i32 {
  beginText();
  addText(type);
  return hostEmit(textFrom(), textOctets(), from, octets);
}
