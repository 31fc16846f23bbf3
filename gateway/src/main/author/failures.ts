/** What ends an instance, said so that an author can act on it. */
import { GatewayError } from '../../base/errors.ts';

/** Runs one call of a module. @param where `module mean, batch 12`. @throws GatewayError for whatever the module did wrong. */
export function calling<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof GatewayError) {
      const cause = error.cause === undefined ? {} : { cause: error.cause };
      const hint = error.hint === undefined ? {} : { hint: error.hint };
      throw new GatewayError(error.code, `${where}: ${error.message}`, { ...cause, ...hint });
    }
    // A stack that overflows shows as a RangeError.
    if (!(error instanceof WebAssembly.RuntimeError || error instanceof RangeError)) throw error;
    throw new GatewayError('corrupt', `${where}: a result expected, a trap found`, {
      cause: error,
      hint: 'In the gateway this ends the instance and what it knew. `unreachable`: a panic or an abort; why, it says itself where it has a panic buffer. Else an index, a pointer or a division is wrong.',
    });
  }
}
