/**
 * The quotient of a whole number of up to 18 digits and a power of ten, correctly rounded.
 *
 * The dividend is the sum of two doubles; the first quotient is corrected by its remainder, which is found without error by splitting
 * the factors in halves (Dekker 1971, "A floating-point technique for extending the available precision"). The correction is then
 * known to 2^-103 of the quotient; when it rounds the same way at both ends of a far wider interval, the rounding is right.
 */

/** Veltkamp's splitter for 53 bits. */
const SPLITTER = 2 ** 27 + 1;
const DOUBT = 2 ** -95;

/**
 * `(large + small) / divisor` rounded to nearest; NaN when that would be too near a tie to say.
 * @param large a whole number that its double holds exactly, below 10^18; 10^15 or more with `small`.
 * @param small a whole number, 0 to 10^9.
 * @param divisor a power of ten, 1 to 10^22.
 */
export function roundedQuotient(large: number, small: number, divisor: number): number {
  const high = large + small;
  if (divisor === 1) return high;
  const low = small - (high - large);
  const quotient = high / divisor;
  const product = quotient * divisor;

  const quotientSplit = SPLITTER * quotient;
  const quotientHigh = quotientSplit - (quotientSplit - quotient);
  const quotientLow = quotient - quotientHigh;
  const divisorSplit = SPLITTER * divisor;
  const divisorHigh = divisorSplit - (divisorSplit - divisor);
  const divisorLow = divisor - divisorHigh;
  const productError =
    quotientLow * divisorLow -
    (product - quotientHigh * divisorHigh - quotientLow * divisorHigh - quotientHigh * divisorLow);

  const correction = (high - product - productError + low) / divisor;
  const doubt = quotient * DOUBT;
  const least = quotient + (correction - doubt);
  return least === quotient + (correction + doubt) ? least : NaN;
}
