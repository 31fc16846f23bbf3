import { randomBytes, scryptSync } from 'node:crypto';
import { GatewayError } from '../../base/errors.ts';
import { type Command, EXIT, print, printJson } from './command.ts';

/** scrypt at N=2^14: about 50 ms and 16 MiB on the developer's machine; a board takes longer, once a connection. */
const COST = { N: 16_384, r: 8, p: 1 };
const PASSWORD_CHARACTERS_MIN = 8;

export const userHash: Command = {
  verb: 'user hash',
  usage: '',
  summary: 'Reads a password from standard input (one line) and prints its hash for `[[mqtt.user]] password_hash`.',
  options: {},
  words: [0, 0],
  async run({ options }) {
    const { createInterface } = await import('node:readline');
    const lines = createInterface({
      input: process.stdin,
      output: process.stdin.isTTY ? process.stderr : undefined,
      terminal: false,
    });
    if (process.stdin.isTTY) process.stderr.write('Password: ');
    const password = await new Promise<string>((resolve) => {
      lines.once('line', resolve);
      lines.once('close', () => resolve(''));
    });
    lines.close();
    if (password.length < PASSWORD_CHARACTERS_MIN) {
      throw new GatewayError(
        'invalid',
        `a password of at least ${PASSWORD_CHARACTERS_MIN} characters expected, ${password.length} found`,
      );
    }
    const salt = randomBytes(16);
    const hash = scryptSync(password, salt, 32, COST);
    const text = `scrypt$${COST.N}$${COST.r}$${COST.p}$${salt.toString('base64')}$${hash.toString('base64')}`;
    if (options.json) printJson({ passwordHash: text });
    else print(text);
    return EXIT.ok;
  },
};
