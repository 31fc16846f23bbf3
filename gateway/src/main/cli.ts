/** The program's one entry point: finds the verb, runs it, turns errors into lines and exit codes. */
import { isJournal } from '../adapters/systemd/journal-stream.ts';
import { GatewayError } from '../base/errors.ts';
import { nearestWord } from '../base/nearest-word.ts';
import { COMMANDS } from './commands/all.ts';
import { type Command, EXIT, parseInput, print, printHelp, table } from './commands/command.ts';

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

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (!(error instanceof GatewayError)) throw error;
    const hint = `\n  ${error.hint ?? helpFor(process.argv.slice(2))}`;
    const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
    // Under systemd a line without a priority would be taken for information.
    const priority = isJournal(process.env, 2) ? '<3>' : '';
    process.stderr.write(`${priority}tidegate: ${error.message}${cause}${hint}\n`);
    if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ error: error.toJSON() })}\n`);
    process.exit(exitCodeOf(error));
  },
);
