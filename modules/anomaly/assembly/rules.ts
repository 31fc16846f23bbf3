/** The configuration of each input, checked. Field order is the manifest's. */
import { configNumber, openConfig } from '../../sdk-as/assembly/config';
import { EINVAL } from '../../sdk-as/assembly/errors';
import { addNumber, addWord, FINGERPRINT_START } from '../../sdk-as/assembly/fingerprint';

const FIELDS: u32 = 5;
const THRESHOLD: u32 = 0;
const WINDOW_READINGS: u32 = 1;
const WARM_UP_READINGS: u32 = 2;
const ADOPT_READINGS: u32 = 3;
const MIN_SCALE: u32 = 4;

const WINDOW_MIN: f64 = 8;
const WINDOW_MAX: f64 = 256;

@unmanaged
export class Rule {
  threshold: f64;
  /** Anomalous readings in a row of which the last is taken for the new normal. */
  adopt: f64;
  minScale: f64;
  window: u32;
  /** Changes to have seen before any is judged. */
  warmUp: u32;
}

/** 32 octets for each of INPUTS_MAX. */
const RULES: usize = memory.data(32 * 128, 8);

export function ruleOf(input: u32): Rule {
  return changetype<Rule>(RULES + input * offsetof<Rule>());
}

/** The input that a rule belongs to. */
export function inputOf(rule: Rule): u32 {
  return <u32>((changetype<usize>(rule) - RULES) / offsetof<Rule>());
}

/** Returns the number of inputs, or EINVAL or ENOTSUP. */
export function readRules(len: i32): i32 {
  const inputs = openConfig(len, FIELDS);
  for (let input = 0; input < inputs; input++) if (!readRule(<u32>input)) return EINVAL;
  return inputs;
}

function readRule(input: u32): bool {
  const threshold = configNumber(input, THRESHOLD, 6);
  const window = configNumber(input, WINDOW_READINGS, 64);
  const warmUp = configNumber(input, WARM_UP_READINGS, 16);
  const adopt = configNumber(input, ADOPT_READINGS, 10);
  const minScale = configNumber(input, MIN_SCALE, 0);
  if (!(threshold > 0) || !isFinite(threshold) || !(minScale >= 0) || !isFinite(minScale)) return false;
  if (!(window >= WINDOW_MIN && window <= WINDOW_MAX) || window != Math.floor(window)) return false;
  if (!(warmUp >= 2 && warmUp <= window) || warmUp != Math.floor(warmUp)) return false;
  if (!(adopt >= 1) || !isFinite(adopt)) return false;
  const rule = ruleOf(input);
  rule.threshold = threshold;
  rule.window = <u32>window;
  rule.warmUp = <u32>warmUp;
  rule.adopt = adopt;
  rule.minScale = minScale;
  return true;
}

/** What kept state depends on: how many changes a series keeps. All else may be changed, and counts from the next reading on. */
export function rulesFingerprint(inputs: i32): u64 {
  let hash = addWord(FINGERPRINT_START, inputs);
  for (let input = 0; input < inputs; input++) hash = addNumber(hash, <f64>ruleOf(<u32>input).window);
  return hash;
}
