/** Types of functions, as far as the guard needs them. */
import { type Cursor, refused } from './octets.ts';
import { readValueType, typeName } from './value-types.ts';

/**
 * Results of one function or block. Handing on many values is one instruction, whatever their number, and would be work that costs no
 * fuel; compilers need a few.
 */
const RESULTS_MAX = 16;

export interface FunctionType {
  readonly parameters: number;
  /** As people write it: `(i32, f64) -> (i32)`; made only when asked for. */
  text(): string;
  /** Whether all values are numbers. */
  readonly isNumeric: boolean;
}

/** @throws GatewayError `denied` for a type that is not of functions, or of more results than allowed. */
export function readFunctionType(cursor: Cursor): FunctionType {
  const at = cursor.at;
  const form = cursor.u8();
  if (form !== 0x60) throw refused(at, 'a type', 'function types', `form 0x${form.toString(16)}`);
  const parameters = readTypes(cursor);
  const results = readTypes(cursor);
  if (results.length > RESULTS_MAX) throw refused(at, 'results of a type', RESULTS_MAX, results.length);
  const list = (types: readonly number[]) => `(${types.map(typeName).join(', ')})`;
  return {
    parameters: parameters.length,
    isNumeric: [...parameters, ...results].every((type) => type >= 0x7c),
    text: () => `${list(parameters)} -> ${list(results)}`,
  };
}

/** @param granted what its type must be; without it, any of numbers. */
export function checkImportType(at: number, name: string, type: FunctionType, granted: string | undefined): void {
  const isRight = granted === undefined ? type.isNumeric : type.text() === granted;
  if (!isRight) throw refused(at, `the type of import ${name}`, granted ?? 'numbers', type.text());
}

function readTypes(cursor: Cursor): number[] {
  const types: number[] = [];
  for (let count = cursor.u32(); count > 0; count--) types.push(readValueType(cursor));
  return types;
}
