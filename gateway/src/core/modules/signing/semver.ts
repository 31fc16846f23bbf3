/** Versions as Semantic Versioning 2.0.0 writes and orders them. @see https://semver.org/spec/v2.0.0.html */
import { GatewayError } from '../../../base/errors.ts';

export interface Version {
  /** Major, minor, patch: decimal digits without leading zeros, of any length. */
  readonly core: readonly [string, string, string];
  /** Identifiers before a release: `rc.1`; empty for a release. */
  readonly prerelease: readonly string[];
}

const VERSION_CHARACTERS_MAX = 128;
const FORM = /^(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?$/;
const isNumeric = (identifier: string) => /^\d+$/.test(identifier);
const hasLeadingZero = (identifier: string) => /^0\d/.test(identifier);

export function isVersion(value: unknown): value is string {
  try {
    return typeof value === 'string' && parseVersion(value, 'version') !== undefined;
  } catch {
    return false;
  }
}

/** @param what names the thing in errors. @throws GatewayError `invalid`. */
export function parseVersion(text: string, what: string): Version {
  const match = text.length <= VERSION_CHARACTERS_MAX ? FORM.exec(text) : null;
  const [, major = '', minor = '', patch = '', before, build] = match ?? [];
  const prerelease = before?.split('.') ?? [];
  const numbers = [major, minor, patch, ...prerelease.filter(isNumeric)];
  const identifiers = [...prerelease, ...(build?.split('.') ?? [])];
  if (match === null || numbers.some(hasLeadingZero) || identifiers.includes('')) {
    throw new GatewayError(
      'invalid',
      `${what}: a semantic version expected, ${JSON.stringify(text.slice(0, 60))} found`,
      {
        hint: 'Three numbers, such as 1.4.0, or 2.0.0-rc.1 before a release.',
      },
    );
  }
  return { core: [major, minor, patch], prerelease };
}

/** Below zero when `a` comes before `b`, zero when neither does (what follows a `+` has no order), above zero otherwise. */
export function compareVersions(a: Version, b: Version): number {
  for (const [index, number] of a.core.entries()) {
    const order = compareNumbers(number, b.core[index]!);
    if (order !== 0) return order;
  }
  if (a.prerelease.length === 0 || b.prerelease.length === 0) return b.prerelease.length - a.prerelease.length;
  for (const [index, identifier] of a.prerelease.entries()) {
    const other = b.prerelease[index];
    const order = other === undefined ? 1 : compareIdentifiers(identifier, other);
    if (order !== 0) return order;
  }
  return a.prerelease.length - b.prerelease.length;
}

function compareIdentifiers(a: string, b: string): number {
  if (isNumeric(a) && isNumeric(b)) return compareNumbers(a, b);
  if (isNumeric(a) !== isNumeric(b)) return isNumeric(a) ? -1 : 1;
  return compareTexts(a, b);
}

/** Digits of any length, exactly: without leading zeros the longer is the larger. */
function compareNumbers(a: string, b: string): number {
  return a.length - b.length || compareTexts(a, b);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
