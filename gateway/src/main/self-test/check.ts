import { GatewayError } from '../../base/errors.ts';

/** One part of the self-test. */
export interface Check {
  readonly name: string;
  /**
   * @param folder a temporary folder of the whole run, private.
   * @returns what was seen, in a few words. @throws whatever is wrong.
   */
  readonly run: (folder: string) => string | Promise<string>;
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
