/** Lines of a difference shown at once. */
const LINES_SHOWN = 40;
/** Equal lines shown before and after what differs. */
const CONTEXT = 2;

/**
 * What differs between two lists of lines: `-` expected, `+` found, two equal lines around. Equal at both ends is cut off first, so that
 * one line too many shows as one line. @returns nothing when they are equal.
 */
export function differences(expected: readonly string[], found: readonly string[]): string[] {
  const least = Math.min(expected.length, found.length);
  let head = 0;
  while (head < least && expected[head] === found[head]) head++;
  if (head === expected.length && head === found.length) return [];
  let tail = 0;
  while (tail < least - head && expected.at(-1 - tail) === found.at(-1 - tail)) tail++;
  const lines = [
    ...expected.slice(Math.max(0, head - CONTEXT), head).map((line) => `    ${line}`),
    ...expected.slice(head, expected.length - tail).map((line) => `  - ${line}`),
    ...found.slice(head, found.length - tail).map((line) => `  + ${line}`),
    ...expected
      .slice(expected.length - tail)
      .slice(0, CONTEXT)
      .map((line) => `    ${line}`),
  ];
  if (lines.length <= LINES_SHOWN) return lines;
  return [...lines.slice(0, LINES_SHOWN), `    (${lines.length - LINES_SHOWN} more lines)`];
}
