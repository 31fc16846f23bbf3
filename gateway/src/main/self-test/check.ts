import { GatewayError } from '../../base/errors.ts';

export interface CheckPlaces {
  /** Where a part that needs a temporary folder makes one, and removes it. */
  readonly base: string;
  /** What `assets.nativeBinding` takes beside the name. @throws GatewayError when it cannot be made. */
  readonly near: () => string | undefined;
}

/** One part of the self-test. */
export interface Check {
  readonly name: string;
  /** @returns what was seen, in a few words. @throws whatever is wrong. */
  readonly run: (places: CheckPlaces) => string | Promise<string>;
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
