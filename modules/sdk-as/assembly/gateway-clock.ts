/**
 * How long ago something was, by the gateway's clock as ticks show it. A step back, or one of more than a day, means that the clock
 * was set: such a step counts as no time at all, so that setting the clock at boot neither closes windows nor raises alarms.
 */

const STEP_MS_MAX: f64 = 86_400_000;

let nowMs: f64 = 0;
let elapsed: f64 = 0;
let hasTicked: bool = false;

export function clearClock(): void {
  elapsed = 0;
  hasTicked = false;
}

export function tickClock(now: f64): void {
  const step = now - nowMs;
  if (hasTicked && step > 0 && step <= STEP_MS_MAX) elapsed += step;
  nowMs = now;
  hasTicked = true;
}

/** Unix epoch milliseconds of the last tick; 0 before the first. */
export function lastTickMs(): f64 {
  return nowMs;
}

/** Milliseconds from the first tick to the last. A row is taken to arrive at the last tick. */
// @ts-ignore: decorator
@inline
export function elapsedMs(): f64 {
  return elapsed;
}

export function hasClockTicked(): bool {
  return hasTicked;
}

/** Puts the clock where another instance's stood. */
export function setClock(lastMs: f64, elapsedSoFar: f64, ticked: bool): void {
  nowMs = lastMs;
  elapsed = elapsedSoFar;
  hasTicked = ticked;
}
