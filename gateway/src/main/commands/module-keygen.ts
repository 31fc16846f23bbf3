import { generateKeyPairSync } from 'node:crypto';
import * as fs from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { readSecretFile, writeNewFile } from '../../adapters/files/trust-file.ts';
import { GatewayError } from '../../base/errors.ts';
import { groupedKeyId, parsePublicKeyFile, publicKeyFile } from '../../core/modules/signing/public-key.ts';
import { type Command, EXIT, type OptionValues, print, printJson, textOf } from './command.ts';

/** OpenSSL derives the key that wraps ours with 2,048 rounds only: the passphrase has to carry the rest. */
const PASSPHRASE_CHARACTERS_MIN = 12;

export const moduleKeygen: Command = {
  verb: 'module keygen',
  usage: '--out FILE [--name NAME] [--passphrase-file FILE]',
  summary: 'Makes a key to sign modules with: FILE is the private key, FILE.pub is what `trust add` takes.',
  options: { out: { type: 'string' }, name: { type: 'string' }, 'passphrase-file': { type: 'string' } },
  words: [0, 0],
  async run({ options }) {
    const path = textOf(options.out);
    if (path === undefined || path === '')
      throw new GatewayError('invalid', '--out: a file for the private key expected, none found');
    const passphrase = passphraseFrom(options);
    const { privateKey } = generateKeyPairSync('ed25519');
    const publicText = `${JSON.stringify(publicKeyFile(privateKey, textOf(options.name) ?? accountName()), null, 2)}\n`;
    const publicPath = `${path}.pub`;
    const { keyId, name } = parsePublicKeyFile(publicText, publicPath); // a wrong name is found before anything is written
    const cipher = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
    const privateText = privateKey.export({ type: 'pkcs8', format: 'pem', ...cipher }).toString();
    writeNewFile(publicPath, publicText, 0o644);
    try {
      writeNewFile(path, privateText);
    } catch (error) {
      fs.rmSync(publicPath); // ours, of a moment ago: a public key without its private one would only mislead
      throw error;
    }
    if (options.json) printJson({ keyId, name, privateKey: path, publicKey: publicPath, encrypted: !!passphrase });
    else {
      print(`key ${groupedKeyId(keyId)} of ${name}`);
      print(`  ${path}: private key${passphrase === undefined ? ', not encrypted' : ''}; keep it, and keep it secret`);
      print(`  ${publicPath}: for \`tidegate trust add\` on each gateway`);
    }
    return EXIT.ok;
  },
};

/** The first line of the file that `--passphrase-file` names; undefined without that option. @throws GatewayError `invalid`, `denied`. */
export function passphraseFrom(options: OptionValues): string | undefined {
  const path = textOf(options['passphrase-file']);
  if (path === undefined) return undefined;
  const passphrase = readSecretFile(path, 'passphrase').split(/\r?\n/)[0]!;
  if (passphrase.length >= PASSPHRASE_CHARACTERS_MIN) return passphrase;
  throw new GatewayError(
    'invalid',
    `passphrase ${path}: at least ${PASSPHRASE_CHARACTERS_MIN} characters expected, ${passphrase.length} found`,
  );
}

function accountName(): string {
  return `${userInfo().username}@${hostname()}`;
}
