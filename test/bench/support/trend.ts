/** A straight line through what was measured, and how far it may be trusted. */
export interface Trend {
  /** Of the value, a second. */
  readonly slope: number;
  /** Standard error of the slope, for residuals that are independent; where they are not, as with memory, it is larger. */
  readonly error: number;
}

/**
 * Least squares.
 * @param points (seconds, value) pairs, in any order @returns null for fewer than three points or one moment.
 */
export function trendOf(points: readonly (readonly [number, number])[]): Trend | null {
  const n = points.length;
  if (n < 3) return null;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n;
  const sxx = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  if (sxx === 0) return null;
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / sxx;
  const residual = points.reduce((sum, [x, y]) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0);
  return { slope, error: Math.sqrt(residual / (n - 2) / sxx) };
}
