/** The configuration of each input, checked. Field order is the manifest's; a limit that is off is NaN, which no comparison meets. */
import { configNumber, openConfig } from '../../sdk-as/assembly/config';
import { EINVAL } from '../../sdk-as/assembly/errors';
import { addWord, FINGERPRINT_START } from '../../sdk-as/assembly/fingerprint';

const FIELDS: u32 = 6;
const HIGH: u32 = 0;
const LOW: u32 = 1;
const HYSTERESIS: u32 = 2;
const RATE_PER_SECOND: u32 = 3;
const STUCK_MS: u32 = 4;
const MISSING_MS: u32 = 5;

@unmanaged
export class Rule {
  high: f64;
  low: f64;
  hysteresis: f64;
  ratePerSecond: f64;
  stuckMs: f64;
  missingMs: f64;
}

/** 48 octets for each of INPUTS_MAX. */
const RULES: usize = memory.data(48 * 128, 8);

export function ruleOf(input: u32): Rule {
  return changetype<Rule>(RULES + input * offsetof<Rule>());
}

/** Returns the number of inputs, or EINVAL or ENOTSUP. */
export function readRules(len: i32): i32 {
  const inputs = openConfig(len, FIELDS);
  for (let input = 0; input < inputs; input++) if (!readRule(<u32>input)) return EINVAL;
  return inputs;
}

function readRule(input: u32): bool {
  const rule = ruleOf(input);
  rule.high = configNumber(input, HIGH, NaN);
  rule.low = configNumber(input, LOW, NaN);
  rule.hysteresis = configNumber(input, HYSTERESIS, 0);
  rule.ratePerSecond = configNumber(input, RATE_PER_SECOND, NaN);
  rule.stuckMs = configNumber(input, STUCK_MS, NaN);
  rule.missingMs = configNumber(input, MISSING_MS, NaN);
  // Refused are negative spans, and limits that would hold every value to be both too high and too low.
  const isWrong =
    rule.hysteresis < 0 ||
    isFinite(rule.hysteresis) == false ||
    rule.ratePerSecond < 0 ||
    rule.stuckMs <= 0 ||
    rule.missingMs <= 0 ||
    rule.high < rule.low;
  return !isWrong;
}

/** The checks that are on: one bit for each output, by its index. */
export function checksOn(rule: Rule): u32 {
  let on: u32 = 0;
  if (!isNaN(rule.high)) on |= 1 << 0;
  if (!isNaN(rule.low)) on |= 1 << 1;
  if (!isNaN(rule.ratePerSecond)) on |= 1 << 2;
  if (!isNaN(rule.stuckMs)) on |= 1 << 3;
  if (!isNaN(rule.missingMs)) on |= 1 << 4;
  return on;
}

/** What kept state depends on: which checks are on. Limits may be moved; an alarm then clears or stays by the new one at the next reading. */
export function rulesFingerprint(inputs: i32): u64 {
  let hash = addWord(FINGERPRINT_START, inputs);
  for (let input = 0; input < inputs; input++) hash = addWord(hash, checksOn(ruleOf(<u32>input)));
  return hash;
}

/** The input that a rule belongs to. */
export function inputOf(rule: Rule): u32 {
  return <u32>((changetype<usize>(rule) - RULES) / offsetof<Rule>());
}
