/** The part of `gw1` that is the same in every module. An entry file says `export * from` this one. */
import { INPUT, INPUT_OCTETS } from './input';
import { OUTPUT, OUTPUT_OCTETS } from './output';

export { gw_panic_cap, gw_panic_ptr } from './panic';

/** Marks the version of the ABI; never called. */
export function gw_abi_1_0(): void {}

export function gw_in_ptr(): i32 {
  return <i32>INPUT;
}

export function gw_in_cap(): i32 {
  return INPUT_OCTETS;
}

export function gw_out_ptr(): i32 {
  return <i32>OUTPUT;
}

export function gw_out_cap(): i32 {
  return OUTPUT_OCTETS;
}
