/** Running totals say what was; this tells which of them have grown of late, from one answer of the gateway to the next. */

/** @typedef {ReturnType<typeof createRecentGrowth>} RecentGrowth */

export function createRecentGrowth() {
  /** @type {Map<string, { total: number, grewMs: number }>} one for each total that the page watches */
  const known = new Map();
  return {
    /**
     * A total that is seen for the first time, or has begun anew, has not grown.
     * @param {string} key
     * @param {number} total
     * @param {number} withinMs
     */
    hasGrown(key, total, withinMs) {
      const nowMs = performance.now();
      const before = known.get(key);
      const hasGrownNow = before !== undefined && total > before.total;
      const hasBegunAnew = before === undefined || total < before.total;
      const grewMs = hasGrownNow ? nowMs : hasBegunAnew ? -Infinity : before.grewMs;
      known.set(key, { total, grewMs });
      return nowMs - grewMs < withinMs;
    },
  };
}
