import { GatewayError } from '../../base/errors.ts';

/** One part of the self-test. */
export interface Check {
  readonly name: string;
  /**
   * @param base where a part that needs a temporary folder makes one, and removes it.
   * @returns what was seen, in a few words. @throws whatever is wrong.
   */
  readonly run: (base: string) => string | Promise<string>;
}

export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  /** What was seen, or what is wrong. */
  readonly detail: string;
  readonly ms: number;
}

/** @throws GatewayError `corrupt` when the two differ. */
export function expectSame(what: string, expected: unknown, found: unknown): void {
  if (Object.is(expected, found)) return;
  throw new GatewayError('corrupt', `${what}: ${String(expected)} expected, ${String(found)} found`);
}
