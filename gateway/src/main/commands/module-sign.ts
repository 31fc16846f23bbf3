import { createPrivateKey, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { writeDurably } from '../../adapters/files/durable.ts';
import { type PackageFiles, readPackage } from '../../adapters/files/module-package.ts';
import { readBoundedFile, readSecretFile } from '../../adapters/files/trust-file.ts';
import { compileModule } from '../../adapters/wasm/module-instance.ts';
import { GatewayError } from '../../base/errors.ts';
import { parseManifest } from '../../core/modules/manifest.ts';
import { groupedKeyId, looksLikePublicKey } from '../../core/modules/signing/public-key.ts';
import { parseVersion } from '../../core/modules/signing/semver.ts';
import { signPackage } from '../../core/modules/signing/sign-package.ts';
import { formatSignature, SIGNATURE_FILE } from '../../core/modules/signing/signature-file.ts';
import { admitForHost } from '../modules/load-module.ts';
import { type Command, EXIT, print, printJson, textOf } from './command.ts';
import { passphraseFrom } from './module-keygen.ts';

const KEY_OCTETS_MAX = 16 * 1024;

export const moduleSign: Command = {
  verb: 'module sign',
  usage: 'DIR --key FILE [--passphrase-file FILE]',
  summary: 'Signs a module package that a gateway would run, in place of an earlier signature.',
  options: { key: { type: 'string' }, 'passphrase-file': { type: 'string' } },
  words: [1, 1],
  async run({ options, words: [folder] }) {
    const keyPath = textOf(options.key);
    if (keyPath === undefined) {
      throw new GatewayError('invalid', '--key: the file of a private key expected, none found', {
        hint: '`tidegate module keygen --out FILE` makes one.',
      });
    }
    const privateKey = readPrivateKey(keyPath, passphraseFrom(options));
    const contents = readPackage(folder!);
    const version = checkFitToSign(folder!, contents);
    const signature = signPackage(contents, privateKey, Date.now());
    const path = join(folder!, SIGNATURE_FILE);
    writeDurably(path, formatSignature(signature), 0o644);
    const { keyId, signedAt } = signature;
    if (options.json) printJson({ id: contents.id, version, keyId, signedAt, signature: path });
    else print(`${path}: ${contents.id} ${version} signed with key ${groupedKeyId(keyId)}`);
    return EXIT.ok;
  },
};

/** A signature says "a gateway may run this": so everything a gateway would refuse is refused here, where its author can mend it. */
function checkFitToSign(folder: string, { id, manifestText, wasm }: PackageFiles): string {
  try {
    const manifest = parseManifest(manifestText);
    parseVersion(manifest.version, `module ${id}: version`);
    compileModule(admitForHost(wasm, manifest, null), manifest);
    return manifest.version;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    throw new GatewayError(error.code, `${folder}: not signed: ${error.message}`, {
      hint: error.hint ?? `\`tidegate module inspect ${folder}\` shows what a gateway would say.`,
    });
  }
}

/** Before its permissions are looked at: those of a public key are as they should be. */
function refusePublicKey(path: string): void {
  const text = readBoundedFile(path, { what: 'private key', octetsMax: KEY_OCTETS_MAX }).toString('utf8');
  if (!looksLikePublicKey(text)) return;
  throw new GatewayError('invalid', `private key ${path}: a private key expected, a public key found`, {
    hint: path.endsWith('.pub')
      ? `Name the private half: ${path.slice(0, -'.pub'.length)}.`
      : 'Name the file that `tidegate module keygen --out FILE` wrote, not FILE.pub.',
  });
}

/** @throws GatewayError `invalid` for what is no key, or when the passphrase is missing or wrong; `denied` when others can read it. */
function readPrivateKey(path: string, passphrase: string | undefined): KeyObject {
  refusePublicKey(path);
  const pem = readSecretFile(path, 'private key');
  try {
    return createPrivateKey({ key: pem, format: 'pem', ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    // The cause is OpenSSL's and says nothing to people; neither message may show what is in the file.
    const isEncrypted = pem.includes('ENCRYPTED');
    throw new GatewayError(
      'invalid',
      `private key ${path}: ${isEncrypted ? 'its passphrase' : 'PKCS#8 PEM'} expected`,
      {
        hint: isEncrypted
          ? 'It is encrypted: name the file of its passphrase with --passphrase-file, and check that it is the right one.'
          : 'Name the file that `tidegate module keygen --out FILE` wrote, not FILE.pub.',
      },
    );
  }
}
