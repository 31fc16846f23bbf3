import { parseArgs } from 'node:util';
import { GatewayError } from '../../base/errors.ts';
import { nearestWord } from '../../base/nearest-word.ts';

export const SOURCES_USAGE = `usage: sources.ts [OPTION...]
Publishes the machine's own health, and recorded sensor data played back, to an MQTT broker.
  --url URL             mqtt:// or mqtts:// (default mqtt://127.0.0.1:1883)
  --rate N              recorded points a second, 0 to 1000000; 0 publishes the machine's health alone (default 200)
  --username NAME       with --password-file
  --password-file PATH  the file's first line
  --json-progress       one JSON line a second on stdout: {sent, acknowledged, skipped, failed, inFlight, connected}
  --help
SIGTERM or SIGINT stops publishing, waits up to 10 s for acknowledgements and prints a last line {done, published, acknowledged, ...}.`;

export const RATE_MAX = 1_000_000;

export interface SourcesOptions {
  readonly url: string;
  /** Points a second. */
  readonly rate: number;
  readonly username: string | undefined;
  readonly passwordFile: string | undefined;
  readonly jsonProgress: boolean;
  readonly help: boolean;
}

const OPTIONS = {
  url: { type: 'string', default: 'mqtt://127.0.0.1:1883' },
  rate: { type: 'string', default: '200' },
  username: { type: 'string' },
  'password-file': { type: 'string' },
  'json-progress': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** @throws GatewayError `invalid` naming the option, what it takes and what was given. */
export function parseSourcesOptions(args: readonly string[]): SourcesOptions {
  const values = parseOrExplain(args);
  if (!/^mqtts?:\/\/[^/]/.test(values.url) || !URL.canParse(values.url)) {
    throw new GatewayError('invalid', `--url: mqtt://HOST:PORT or mqtts://HOST:PORT expected, "${values.url}" found`);
  }
  const rate = Number(values.rate);
  if (values.rate.trim() === '' || !(rate >= 0 && rate <= RATE_MAX)) {
    throw new GatewayError('invalid', `--rate: points a second in 0..${RATE_MAX} expected, "${values.rate}" found`);
  }
  return {
    url: values.url,
    rate,
    username: values.username,
    passwordFile: values['password-file'],
    jsonProgress: values['json-progress'],
    help: values.help,
  };
}

function parseOrExplain(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (cause) {
    const unknown = args.find((arg) => arg.startsWith('--') && !(arg.slice(2).split('=')[0]! in OPTIONS));
    const near = unknown && nearestWord(unknown.slice(2), Object.keys(OPTIONS));
    const hint = near ? `Did you mean --${near}?` : 'See --help.';
    throw new GatewayError('invalid', (cause as Error).message, { hint });
  }
}
