/** `tidegate function ...` as a process of its own, with the exit codes and error lines of the program. */
import { describeError } from '../../../gateway/src/base/errors.ts';
import { EXIT, parseInput } from '../../../gateway/src/main/commands/command.ts';
import * as commands from '../../../gateway/src/main/commands/function.ts';

const args = process.argv.slice(2);
const command = Object.values(commands).find(({ verb }) => verb.split(' ').every((word, at) => args[at] === word));
try {
  if (command === undefined) throw new Error(`no verb ${args.join(' ')}`);
  process.exitCode = await command.run(parseInput(command, args.slice(command.verb.split(' ').length)));
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = EXIT.failed;
}
