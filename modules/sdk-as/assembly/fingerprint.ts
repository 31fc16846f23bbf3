/** A hash of numbers, for telling one configuration or page from another: FNV-1a's constants over words of 64 bits, with a fold so that high bits reach low ones. It guards against accidents, not against forgery. */

export const FINGERPRINT_START: u64 = 0xcbf2_9ce4_8422_2325;

// @ts-ignore: decorator
@inline
export function addWord(hash: u64, word: u64): u64 {
  const mixed = (hash ^ word) * 0x0000_0100_0000_01b3;
  return mixed ^ (mixed >> 32);
}

/** Adds a number by its bits; every NaN is the same one. */
export function addNumber(hash: u64, value: f64): u64 {
  return addWord(hash, isNaN(value) ? 0x7ff8_0000_0000_0000 : reinterpret<u64>(value));
}

/** Hash of `octets` (a multiple of 8) at `from`. */
export function hashOctets(from: usize, octets: usize): u64 {
  let hash = FINGERPRINT_START;
  for (let at = from; at < from + octets; at += 8) hash = addWord(hash, load<u64>(at));
  return hash;
}
