/** Takes the lock of the folder in its first argument and says so, or why it cannot, in one line of JSON; holds it until its input ends. */
import { lockState } from '../../../gateway/src/adapters/sqlite/state-lock.ts';
import { GatewayError } from '../../../gateway/src/base/errors.ts';

try {
  using _lock = lockState(process.argv[2]!);
  console.log(JSON.stringify({ code: 'held', message: '' }));
  for await (const _ of process.stdin);
} catch (error) {
  if (!(error instanceof GatewayError)) throw error;
  console.log(JSON.stringify({ code: error.code, message: error.message }));
}
