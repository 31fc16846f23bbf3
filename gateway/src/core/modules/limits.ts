/** What a module may take: one table from which the manifest is checked and defaults come. The ABI page says what each means. */

export interface LimitRule {
  readonly max: number;
  /** Null: the manifest has to say it. */
  readonly default: number | ((given: { readonly fuelPerCall: number }) => number) | null;
}

export const LIMIT_RULES = {
  /** Pages of 64 KiB: what the memory may grow to. */
  memoryPages: { max: 1024, default: null },
  /** Elements of its table. */
  tableElems: { max: 65_536, default: null },
  /** Octets of its code. */
  codeBytes: { max: 4 << 20, default: null },
  functions: { max: 20_000, default: null },
  localsPerFunction: { max: 4096, default: null },
  /** Instructions one call may take, about; and `gw_init`. */
  fuelPerCall: { max: 10_000_000_000, default: null },
  startFuel: { max: 10_000_000_000, default: null },
  /** Of all calls together: a module that is fast alone must not be slow together. */
  fuelPerSecond: { max: 1e12, default: ({ fuelPerCall }) => 20 * fuelPerCall },
  /** Octets one call may return. */
  outBytes: { max: 4 << 20, default: null },
  /** Rows of all calls together: well below what waits for the store at most, which all modules of a worker share. */
  rowsPerSec: { max: 1_000_000, default: 50_000 },
  /** Wall time of one call, ms. */
  deadlineMs: { max: 5000, default: null },
  /** Octets of all pages of its state. */
  snapshotBytes: { max: 16 << 20, default: 4 << 20 },
  logBytesPerSec: { max: 65_536, default: 1024 },
  metricsPerSec: { max: 1000, default: 100 },
  emitsPerSec: { max: 1000, default: 10 },
  /** Octets of its private folder. */
  folderBytes: { max: 16 << 20, default: 1 << 20 },
} as const satisfies Record<string, LimitRule>;

export type LimitName = keyof typeof LIMIT_RULES;
export type ModuleLimits = { readonly [K in LimitName]: number };

/** Names in the order of the table. */
export const LIMIT_NAMES = Object.keys(LIMIT_RULES) as LimitName[];

/**
 * Limits as given, with defaults in place of those left out. Calls `fault` for each that is missing or out of range.
 * @param given parsed JSON of any form.
 */
export function completeLimits(
  given: unknown,
  fault: (key: string, expected: string, found: unknown) => void,
): ModuleLimits {
  const raw = (typeof given === 'object' && given !== null ? given : {}) as Record<string, unknown>;
  const entries = LIMIT_NAMES.map((name) => {
    const rule: LimitRule = LIMIT_RULES[name];
    const otherwise = typeof rule.default === 'function' ? rule.default(raw as { fuelPerCall: number }) : rule.default;
    const value = raw[name] ?? otherwise;
    if (!(Number.isInteger(value) && (value as number) > 0 && (value as number) <= rule.max)) {
      fault(`limits.${name}`, `1..${rule.max}`, value);
    }
    return [name, value];
  });
  for (const name of Object.keys(raw)) if (!(name in LIMIT_RULES)) fault(`limits.${name}`, 'no such limit', raw[name]);
  return Object.fromEntries(entries) as ModuleLimits;
}
