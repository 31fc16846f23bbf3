import { type ParseArgsConfig, parseArgs } from 'node:util';
import { GatewayError } from '../../base/errors.ts';
import { nearestWord } from '../../base/nearest-word.ts';

export type OptionSpecs = NonNullable<ParseArgsConfig['options']>;
export type OptionValues = Record<string, string | boolean | (string | boolean)[] | undefined>;

export interface CommandInput {
  readonly options: OptionValues;
  /** Words after the verb. */
  readonly words: readonly string[];
}

/** One verb of the program. */
export interface Command {
  /** `store query` */
  readonly verb: string;
  /** `SERIES [--from TIME] ...` */
  readonly usage: string;
  readonly summary: string;
  readonly options: OptionSpecs;
  /** Words it takes: at least, at most. */
  readonly words: readonly [number, number];
  /** @returns the exit code. */
  readonly run: (input: CommandInput) => Promise<number>;
}

/** Exit codes, the same for every verb. */
export const EXIT = { ok: 0, failed: 1, usage: 2, unavailable: 3 } as const;

/** @param message of `parseArgs`. */
function optionHint(message: string, options: readonly string[]): string | undefined {
  const option = /--?([\w-]+)/.exec(message)?.[1] ?? '';
  if (message.includes('is ambiguous')) return `A value that begins with a dash: --${option}=VALUE.`;
  const near = nearestWord(option, options);
  return near === undefined || near === option ? undefined : `Did you mean --${near}?`;
}

/** @throws GatewayError `invalid` naming the wrong option and the nearest right one. */
export function parseInput(command: Command, args: readonly string[]): CommandInput {
  const options: OptionSpecs = { ...command.options, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } };
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const hint = optionHint(message, Object.keys(options)) ?? `See: tidegate ${command.verb} --help`;
    throw new GatewayError('invalid', `${command.verb}: ${message.split(/\.\s/)[0]}`, { hint });
  }
  const [least, most] = command.words;
  const words = parsed.positionals;
  if (parsed.values.help !== true && (words.length < least || words.length > most)) {
    throw new GatewayError(
      'invalid',
      `${command.verb}: ${least === most ? least : `${least} to ${most}`} words expected, ${words.length} found`,
      {
        hint: `Usage: tidegate ${command.verb} ${command.usage}`,
      },
    );
  }
  return { options: parsed.values as OptionValues, words };
}

export function printHelp(command: Command): void {
  print(`tidegate ${command.verb} ${command.usage}\n\n${command.summary}\n\nOptions:`);
  for (const [name, spec] of Object.entries(command.options))
    print(`  --${name}${spec.type === 'string' ? ' VALUE' : ''}`);
  print('  --json   one JSON document instead of text');
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value));
}

/** The values of an option that may be given several times. */
export function listOf(value: OptionValues[string]): string[] {
  return value === undefined ? [] : (Array.isArray(value) ? value : [value]).map(String);
}

export function textOf(value: OptionValues[string]): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Columns padded to their widest cell; numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [
    head,
    ...rows.map((row) => row.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en-US') : cell))),
  ];
  const isNumber = head.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => String(row[column] ?? '').length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (isNumber[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd();
  return cells.map((row) => line(row.map(String))).join('\n');
}

/** Of a `Date`, either way from 1970. */
const MOMENT_MS_MAX = 8.64e15;

/** `2026-11-24T10:00:00Z`, epoch milliseconds, or `-1h` (before now). @throws GatewayError `invalid`. */
export function parseMoment(text: string, nowMs: number): number {
  const ms = momentFrom(text, nowMs);
  if (Math.abs(ms) <= MOMENT_MS_MAX) return ms;
  throw new GatewayError(
    'invalid',
    `a time such as 2026-11-24T10:00:00Z, 1795514400000 or -1h expected, ${text} found`,
  );
}

function momentFrom(text: string, nowMs: number): number {
  const back = /^-(\d+(?:\.\d+)?)(s|m|h|d)$/.exec(text);
  if (back) return nowMs - Number(back[1]) * { s: 1e3, m: 6e4, h: 3.6e6, d: 8.64e7 }[back[2] as 's' | 'm' | 'h' | 'd'];
  return /^\d+$/.test(text) ? Number(text) : Date.parse(text);
}
