import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { StartFailure } from '../support/failure.mjs';
import { runStep } from './run.mjs';

/**
 * @param {{'sign-key'?: string, 'make-dev-key'?: string}} options
 * @returns {import('node:crypto').KeyObject | undefined} @throws {StartFailure} for a file that holds no Ed25519 private key.
 */
export function signatureKey({ 'sign-key': file, 'make-dev-key': draft }) {
  if (draft !== undefined) return makeKey(draft);
  if (file === undefined) return undefined;
  try {
    const key = createPrivateKey(readFileSync(file));
    if (key.asymmetricKeyType === 'ed25519') return key;
    throw new Error(`an Ed25519 key expected, ${key.asymmetricKeyType} found`);
  } catch (error) {
    throw new StartFailure(`--sign-key ${file}: ${error.message}`, 'openssl genpkey -algorithm ed25519 makes one.');
  }
}

function makeKey(file) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  try {
    writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
    writeFileSync(`${file}.pub`, publicKey.export({ type: 'spki', format: 'pem' }), { flag: 'wx' });
  } catch (error) {
    throw new StartFailure(
      `--make-dev-key ${file}: ${error.message}`,
      'A key is never overwritten: name another file.',
    );
  }
  console.log(`${file}: a key for development; its public half is ${file}.pub`);
  return privateKey;
}

/** Writes SHA256SUMS as sha256sum(1) reads it and, with a key, its detached signature: 64 octets, plain Ed25519 over the file. */
export function writeSums(out, files, key) {
  const lines = [...files].sort().map((name) => {
    return `${createHash('sha256')
      .update(readFileSync(join(out, name)))
      .digest('hex')}  ${name}\n`;
  });
  const text = Buffer.from(lines.join(''));
  writeFileSync(join(out, 'SHA256SUMS'), text);
  process.stdout.write(text);
  const signature = join(out, 'SHA256SUMS.sig');
  if (key === undefined) {
    rmSync(signature, { force: true });
    console.log('SHA256SUMS: unsigned (no --sign-key)');
    return;
  }
  writeFileSync(signature, sign(null, text, key));
  const raw = createPublicKey(key).export({ type: 'spki', format: 'der' }).subarray(-32);
  console.log(`SHA256SUMS: signed by ${createHash('sha256').update(raw).digest('hex').slice(0, 16)}`);
}

/** Prints what the executable takes on its way to a device. */
export async function reportSizes(file) {
  const bytes = {};
  for (const [suffix, command] of Object.entries({
    zst: ['zstd', '-19', '-T0', '-q', '-f', '-k'],
    xz: ['xz', '-6', '-T0', '-f', '-k'],
  })) {
    await runStep([...command, file]);
    bytes[suffix] = readFileSync(`${file}.${suffix}`).length;
    if (suffix === 'xz') rmSync(`${file}.xz`);
  }
  const megabytes = (count) => `${(count / 1e6).toFixed(1)} MB`;
  const whole = readFileSync(file).length;
  console.log(`${basename(file)}: ${megabytes(whole)}, zstd -19 ${megabytes(bytes.zst)}, xz -6 ${megabytes(bytes.xz)}`);
}
