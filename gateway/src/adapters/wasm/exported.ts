import { GatewayError } from '../../base/errors.ts';

export type Exports = Readonly<Record<string, ((argument?: number) => unknown) | undefined>>;

/**
 * Calls an export of the ABI that takes a number or nothing. What the API of WebAssembly does not tell beforehand shows here: whether its type
 * is the one that was promised.
 * @param id of the module, for the message. @returns a whole number.
 * @throws GatewayError `denied` for an export of another type; whatever the call throws besides.
 */
export function callExport(exports: Exports, id: string, name: string, argument = 0): number {
  let found: unknown;
  try {
    found = exports[name]!(argument);
  } catch (error) {
    if (error instanceof TypeError) throw ofAnotherType(id, name, error.message, error);
    throw error;
  }
  if (typeof found === 'number' && Number.isInteger(found)) return found;
  throw ofAnotherType(id, name, `a result that is ${describe(found)}`);
}

/** `_initialize`, where there is one. @throws GatewayError `denied` for an export of another type. */
export function initialize(exports: Exports, id: string): void {
  try {
    exports._initialize?.();
  } catch (error) {
    if (error instanceof TypeError) throw ofAnotherType(id, '_initialize', error.message, error);
    throw error;
  }
}

function describe(found: unknown): string {
  return typeof found === 'number' ? `no whole number: ${found}` : Array.isArray(found) ? 'several' : typeof found;
}

function ofAnotherType(id: string, name: string, found: string, cause?: unknown): GatewayError {
  return new GatewayError('denied', `module ${id}: ${name}: the type that gw1 gives it expected, ${found} found`, {
    cause,
    hint: 'See docs/reference/module-abi.md for the types of exports.',
  });
}
