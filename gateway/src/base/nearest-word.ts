/**
 * The candidate that `word` was probably meant to be: the only one that begins with it, else the nearest by letters added, left out, changed or
 * exchanged with a neighbour. Undefined when none is near enough: one such slip in a word of up to 4 letters, two in up to 7, else three.
 */
export function nearestWord(word: string, candidates: Iterable<string>): string | undefined {
  const all = [...new Set(candidates)];
  const begun = word === '' ? [] : all.filter((candidate) => candidate.startsWith(word));
  if (begun.length === 1) return begun[0];
  const slipsMax = word.length <= 4 ? 1 : word.length <= 7 ? 2 : 3;
  let best: string | undefined;
  let bestSlips = slipsMax + 1;
  for (const candidate of all) {
    const slips = slipsBetween(word, candidate);
    if (slips < bestSlips) {
      best = candidate;
      bestSlips = slips;
    }
  }
  return best;
}

/** Edit distance in which two neighbours that have changed places count once. */
function slipsBetween(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isExchange = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const exchange = isExchange ? beforePrevious[j - 2]! + 1 : Infinity;
      current.push(Math.min(previous[j]! + 1, current[j - 1]! + 1, substitution, exchange));
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length]!;
}
