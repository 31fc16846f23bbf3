/** The configuration as `gw_init` finds it in the input buffer: one row of numbers for each configured input. */
import { EINVAL, ENOTSUP } from './errors';
import { INPUT, INPUT_OCTETS } from './input';

const CONFIG_VERSION: u32 = 1;
const CONFIG_HEADER: usize = 16;

/** Inputs (`[[module.input]]`) one instance takes; the check of the channel column relies on it, see `input.ts`. */
export const INPUTS_MAX: u32 = 128;

let fieldCount: u32 = 0;

/** Returns the number of inputs, 1..INPUTS_MAX, or EINVAL or ENOTSUP. */
export function openConfig(len: i32, fields: u32): i32 {
  if (len < <i32>CONFIG_HEADER || len > INPUT_OCTETS) return EINVAL;
  if (load<u32>(INPUT) != CONFIG_VERSION) return ENOTSUP;
  const inputs = load<u32>(INPUT + 4);
  if (inputs < 1 || inputs > INPUTS_MAX || load<u32>(INPUT + 8) != fields) return EINVAL;
  if (load<u32>(INPUT + 12) != 0 || <usize>len != CONFIG_HEADER + 8 * inputs * fields) return EINVAL;
  fieldCount = fields;
  return <i32>inputs;
}

/** The number at `field` of `input`; `otherwise` where it is not set (NaN). */
export function configNumber(input: u32, field: u32, otherwise: f64): f64 {
  const value = load<f64>(INPUT + CONFIG_HEADER + 8 * (input * fieldCount + field));
  return isNaN(value) ? otherwise : value;
}
