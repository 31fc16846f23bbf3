/** For what only a programmer's mistake can break: the process ends, the supervisor restarts it, the journal says why. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(message);
}

/** Marks a case that the types say cannot happen. */
export function unreachable(value: never): never {
  throw new AssertionFailure(`unreachable case: ${String(value)}`);
}

export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure';
}
