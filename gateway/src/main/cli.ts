/** The program's one entry point: finds the verb, runs it, turns errors into lines and exit codes. */
import { isJournal } from '../adapters/systemd/journal-stream.ts';
import { describeError, errnoOf, GatewayError } from '../base/errors.ts';
import { nearestWord } from '../base/nearest-word.ts';
import { COMMANDS } from './commands/all.ts';
import { type Command, EXIT, parseInput, print, printHelp, table } from './commands/command.ts';
import { flushStandardOutput, isReaderGone, watchStandardOutput } from './commands/standard-output.ts';

async function main(args: readonly string[]): Promise<number> {
  // Whatever is written is the service's own, and its group's to read.
  process.umask(0o027);
  // `help module new` is `module new --help`; `--version` is what every program knows.
  const isHelp = args[0] === 'help' && args.length > 1;
  const words = isHelp ? args.slice(1) : args[0] === '--version' ? ['version', ...args.slice(1)] : args;
  const command = COMMANDS.find(({ verb }) => verb.split(' ').every((word, index) => words[index] === word));
  if (command === undefined) return printOverview(words);
  const rest = words.slice(command.verb.split(' ').length);
  const input = isHelp ? null : parseInput(command, rest);
  if (input === null || input.options.help === true) {
    printHelp(command);
    return EXIT.ok;
  }
  return command.run(input);
}

function printOverview(args: readonly string[]): number {
  const [word, ...more] = args;
  const group = COMMANDS.filter(({ verb }) => verb.startsWith(`${word} `));
  const second = more.find((arg) => !arg.startsWith('-'));
  if (group.length > 0 && second === undefined) {
    print(verbTable(group));
    return EXIT.ok;
  }
  if (word !== undefined && !['help', '--help', '-h'].includes(word)) {
    throw noVerb(word, second, group.length > 0);
  }
  print(`tidegate VERB [OPTIONS]\n\n${verbTable(COMMANDS)}\n`);
  print(
    `Every verb has --json and --help. Exit codes: ${Object.entries(EXIT)
      .map(([name, code]) => `${code} ${name}`)
      .join(', ')}.`,
  );
  return EXIT.ok;
}

function noVerb(word: string, second: string | undefined, isGroup: boolean): GatewayError {
  const verbs = COMMANDS.map(({ verb }) => verb);
  const firsts = verbs.map((verb) => verb.split(' ')[0]!);
  const both = second === undefined ? word : `${word} ${second}`;
  const near = nearestWord(both, verbs) ?? nearestWord(word, [...verbs, ...firsts]);
  return new GatewayError('invalid', `no verb ${isGroup ? both : word}`, {
    hint: `${near === undefined ? '' : `Did you mean ${near}? `}\`tidegate help\` lists them all.`,
  });
}

function verbTable(commands: readonly Command[]): string {
  return table(
    ['verb', 'what it does'],
    commands.map(({ verb, summary }) => [verb, summary]),
  );
}

function helpFor([first, second]: readonly string[]): string {
  if (first === undefined || first.startsWith('-')) return 'See: tidegate help';
  return `See: tidegate ${second === undefined || second.startsWith('-') ? first : `${first} ${second}`} --help`;
}

function exitCodeOf(error: GatewayError): number {
  if (error.code === 'unavailable' || error.code === 'not_found') return EXIT.unavailable;
  return error.code === 'invalid' ? EXIT.usage : EXIT.failed;
}

/** Errors of the system, such as a full disk, are to be expected; what else is no GatewayError is a mistake of the program. */
function expectedError(error: unknown): GatewayError | null {
  if (error instanceof GatewayError) return error;
  const errno = errnoOf(error);
  if (errno === undefined || !(error instanceof Error) || !('syscall' in error)) return null;
  if (errno !== 'ENOSPC') return new GatewayError('unavailable', error.message);
  return new GatewayError('exhausted', error.message, { hint: 'Free space where it writes, or write elsewhere.' });
}

function tell(error: GatewayError, args: readonly string[]): void {
  const hint = error.hint ?? helpFor(args);
  // Under systemd a line without a priority would be taken for information.
  const priority = isJournal(process.env, 2) ? '<3>' : '';
  process.stderr.write(`${priority}tidegate: ${describeError(error)}\n  ${hint}\n`);
  if (args.includes('--json')) process.stdout.write(`${JSON.stringify({ error: error.toJSON() })}\n`);
}

/** @returns the exit code. @throws a mistake of the program. */
async function runTold(args: readonly string[], work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (isReaderGone(error)) return EXIT.ok;
    const expected = expectedError(error);
    if (expected === null) throw error;
    tell(expected, args);
    return exitCodeOf(expected);
  }
}

async function runToEnd(args: readonly string[]): Promise<void> {
  watchStandardOutput();
  const code = await runTold(args, () => main(args));
  const written = await runTold([], async () => {
    await flushStandardOutput();
    return EXIT.ok;
  });
  process.exit(code === EXIT.ok ? written : code);
}

void runToEnd(process.argv.slice(2));
