/** Ways that are compared, one after the other in every turn, so that what else the machine does slows down all of them. */

/** Milliseconds of processor time of this thread that a call takes. */
export function cpuMs(act: () => unknown): number {
  const before = process.threadCpuUsage();
  act();
  const after = process.threadCpuUsage();
  return (after.user - before.user + after.system - before.system) / 1000;
}

/** What each way took, turn by turn. */
export type Turns<K extends string> = Readonly<Record<K, readonly number[]>>;

/** All ways, taking turns; the first two turns warm up. */
export function takeTurns<K extends string>(turns: number, ways: Readonly<Record<K, () => number>>): Turns<K> {
  const entries = Object.entries<() => number>(ways);
  const times = entries.map((): number[] => []);
  for (let turn = -2; turn < turns; turn++) {
    for (const [which, [, run]] of entries.entries()) {
      const time = run();
      if (turn >= 0) times[which]!.push(time);
    }
  }
  return Object.fromEntries(entries.map(([name], which) => [name, times[which]!])) as unknown as Turns<K>;
}

/** The median of the ratios of the same turn: what else the machine did slowed down both. */
export function ratio(times: readonly number[], beside: readonly number[]): number {
  return median(times.map((time, turn) => time / beside[turn]!));
}

export function median(list: readonly number[]): number {
  return [...list].sort((a, b) => a - b)[list.length >> 1]!;
}

/** The engine optimises in a thread of its own, for which a busy machine may have no time at once. */
const WARM_UP_MS = 600;

/** Calls again and again, shortly each time: a call that runs goes on in the code that it began with. */
export function warmUp(act: () => unknown): void {
  for (const start = performance.now(); performance.now() - start < WARM_UP_MS; ) act();
}
