/** The configuration of each input, checked and turned into what the hot path needs. Field order is the manifest's. */
import { configNumber, openConfig } from '../../sdk-as/assembly/config';
import { EINVAL } from '../../sdk-as/assembly/errors';
import { addNumber, addWord, FINGERPRINT_START } from '../../sdk-as/assembly/fingerprint';

const FIELDS: u32 = 5;
const WINDOW_MS: u32 = 0;
const SLIDE_MS: u32 = 1;
const LATENESS_MS: u32 = 2;
const EWMA_ALPHA: u32 = 3;
const IDLE_MS: u32 = 4;

/** A day. */
const WINDOW_MS_MAX: f64 = 86_400_000;
/** Panes one series keeps at most: 0.3 MB of state. */
const PANES_MAX: f64 = 512;

/**
 * A pane is one slide long, or one window where windows tumble. A window is `panesPerWindow` panes; window number E covers panes
 * E − panesPerWindow to E − 1 and ends (exclusive) at E * paneMs.
 */
@unmanaged
export class Rule {
  paneMs: f64;
  panesPerWindow: f64;
  /** Panes a series must keep: those of a whole window, and those that rows may still reach before the watermark passes. */
  panesKept: i32;
  latenessMs: f64;
  ewmaAlpha: f64;
  idleMs: f64;
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
  const windowMs = configNumber(input, WINDOW_MS, 10_000);
  const slideMs = configNumber(input, SLIDE_MS, 0);
  const latenessMs = configNumber(input, LATENESS_MS, 2_000);
  const ewmaAlpha = configNumber(input, EWMA_ALPHA, 0.1);
  const idleMs = configNumber(input, IDLE_MS, windowMs + latenessMs);
  const paneMs = slideMs == 0 ? windowMs : slideMs;

  if (!(windowMs >= 1 && windowMs <= WINDOW_MS_MAX) || windowMs != Math.floor(windowMs)) return false;
  if (!(paneMs >= 1 && paneMs <= windowMs) || paneMs != Math.floor(paneMs)) return false;
  const panesPerWindow = windowMs / paneMs;
  if (panesPerWindow != Math.floor(panesPerWindow)) return false;
  if (!(latenessMs >= 0 && latenessMs <= WINDOW_MS_MAX)) return false;
  if (!(ewmaAlpha > 0 && ewmaAlpha <= 1)) return false;
  if (!(idleMs > 0)) return false;
  const panesKept = panesPerWindow + Math.ceil(latenessMs / paneMs);
  if (panesKept > PANES_MAX) return false;

  const rule = ruleOf(input);
  rule.paneMs = paneMs;
  rule.panesPerWindow = panesPerWindow;
  rule.panesKept = <i32>panesKept;
  rule.latenessMs = latenessMs;
  rule.ewmaAlpha = ewmaAlpha;
  rule.idleMs = idleMs;
  return true;
}

/** What kept state depends on: how time is cut into panes and how many a series keeps. The average's weight and the idle time may change. */
export function rulesFingerprint(inputs: i32): u64 {
  let hash = addWord(FINGERPRINT_START, inputs);
  for (let input = 0; input < inputs; input++) {
    const rule = ruleOf(<u32>input);
    hash = addNumber(addNumber(addNumber(hash, rule.paneMs), rule.panesPerWindow), rule.latenessMs);
  }
  return hash;
}

/** The input that a rule belongs to. */
export function inputOf(rule: Rule): u32 {
  return <u32>((changetype<usize>(rule) - RULES) / offsetof<Rule>());
}
