import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { describe } from 'node:test';
import { encodeAccount, encodeOperator, encodeUser, fmtCreds } from '@nats-io/jwt';
import { createAccount, createOperator, createUser } from '@nats-io/nkeys';
import { NatsLink, type NatsSettings } from '../../../gateway/src/adapters/nats/link.ts';
import { systemClock } from '../../../gateway/src/base/clock.ts';
import { seededRandom } from '../../../gateway/src/base/random.ts';
import { eventually } from '../../support/eventually.ts';
import { NatsServer } from '../../support/nats-server.ts';
import { findBinary, skipWithout } from '../../support/require.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts';
import { natsSettings } from './cloud.ts';

/** What a technician sees a moment after start: that the link is up, or the error of the first try. */
async function outcome(server: NatsServer, credentials: Partial<NatsSettings>): Promise<string> {
  await using link = new NatsLink(natsSettings([server.url], credentials), 'test', systemClock, seededRandom(1));
  link.start();
  return await eventually('the link to be up or to say why not', () => (link.isUp ? 'up' : link.error), 15_000);
}

function secret(folder: TemporaryFolder, name: string, content: string | Uint8Array): string {
  const path = join(folder.path, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

/** A new account may do nothing at all. */
const UNLIMITED = {
  limits: { conn: -1, leaf: -1, subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true },
};

const text = (octets: Uint8Array) => Buffer.from(octets).toString('utf8');

describe('credentials of the link to the cloud', { skip: skipWithout('nats-server'), timeout: 120_000 }, () => {
  test('user and password', async () => {
    using folder = temporaryFolder();
    await using server = await NatsServer.start('authorization { users: [ { user: gw, password: "s3cret" } ] }');
    const right = secret(folder, 'right', 's3cret\n');
    const wrong = secret(folder, 'wrong', 'guess\n');
    assert.equal(await outcome(server, { user: 'gw', passwordFile: right }), 'up');
    assert.match(await outcome(server, { user: 'gw', passwordFile: wrong }), /authorization/i);
    assert.match(await outcome(server, { user: 'nobody', passwordFile: right }), /authorization/i);
    assert.match(await outcome(server, {}), /authorization/i);
    assert.match(
      await outcome(server, { user: 'gw', passwordFile: join(folder.path, 'none') }),
      /file .*none cannot be read/,
    );
  });

  test('a seed of an NKey', async () => {
    using folder = temporaryFolder();
    const known = createUser();
    await using server = await NatsServer.start(`authorization { users: [ { nkey: ${known.getPublicKey()} } ] }`);
    const right = secret(folder, 'right.nk', `${text(known.getSeed())}\n`);
    const other = secret(folder, 'other.nk', createUser().getSeed());
    const garbage = secret(folder, 'garbage.nk', 'no seed\n');
    assert.equal(await outcome(server, { nkeyFile: right }), 'up');
    assert.match(await outcome(server, { nkeyFile: other }), /authorization/i);
    assert.match(await outcome(server, { nkeyFile: garbage }), /seed|nkey|checksum|encod|prefix/i);
    assert.match(await outcome(server, { nkeyFile: join(folder.path, 'none') }), /file .*none cannot be read/);
  });

  test('a credentials file of a user, signed by an account and an operator', async () => {
    using folder = temporaryFolder();
    const [operator, system, account, user] = [createOperator(), createAccount(), createAccount(), createUser()];
    const operatorToken = await encodeOperator('fleet', operator, { system_account: system.getPublicKey() });
    const preload = await Promise.all(
      [system, account].map(
        async (one) => `${one.getPublicKey()}: ${await encodeAccount('a', one, UNLIMITED, { signer: operator })}`,
      ),
    );
    await using server = await NatsServer.start(
      `operator: ${operatorToken}\nsystem_account: ${system.getPublicKey()}\nresolver: MEMORY\nresolver_preload { ${preload.join('\n')} }`,
    );
    const creds = async (signer: typeof account) => fmtCreds(await encodeUser('gateway', user, signer), user);
    const right = secret(folder, 'right.creds', await creds(account));
    const foreign = secret(folder, 'foreign.creds', await creds(createAccount()));
    const garbage = secret(folder, 'garbage.creds', 'no credentials');
    assert.equal(await outcome(server, { credsFile: right }), 'up');
    assert.match(await outcome(server, { credsFile: foreign }), /authorization/i);
    assert.match(await outcome(server, { credsFile: garbage }), /credential|creds|jwt/i);
    assert.match(await outcome(server, { credsFile: join(folder.path, 'none') }), /none/);
  });

  test('certificates on both sides', { skip: skipWithout('openssl') }, async () => {
    using folder = temporaryFolder();
    const own = authority(folder, 'own');
    const foreign = authority(folder, 'foreign');
    const serverCertificate = certificate(folder, own, 'server');
    await using server = await NatsServer.start(
      `tls { cert_file: "${serverCertificate.certFile}", key_file: "${serverCertificate.keyFile}", ca_file: "${own.certFile}", verify: true }`,
    );
    const client = certificate(folder, own, 'client');
    const stranger = certificate(folder, foreign, 'stranger');
    assert.equal(await outcome(server, { caFile: own.certFile, ...client }), 'up');
    assert.match(
      await outcome(server, { caFile: own.certFile, ...stranger }),
      /certificate|tls|ssl|disconnect|reset|closed|timeout/i,
    );
    assert.match(await outcome(server, { caFile: foreign.certFile, ...client }), /certificate|self.signed|issuer/i);
    assert.match(await outcome(server, { caFile: own.certFile }), /certificate/i);
    const missing = { certFile: join(folder.path, 'none.pem'), keyFile: client.keyFile };
    assert.match(await outcome(server, { caFile: own.certFile, ...missing }), /none\.pem/);
  });

  test('a server that is not there', async () => {
    await using server = await NatsServer.start();
    await server.kill();
    assert.match(await outcome(server, {}), /refused/i);
  });
});

interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
}

function openssl(...words: string[]): void {
  execFileSync(findBinary('openssl') ?? 'openssl', words, { stdio: 'pipe' });
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

function authority(folder: TemporaryFolder, name: string): Certificate {
  const files = { certFile: join(folder.path, `${name}-ca.pem`), keyFile: join(folder.path, `${name}-ca.key`) };
  const subject = ['-subj', `/CN=${name} authority`, '-days', '2'];
  openssl('req', '-x509', ...NEW_KEY, ...subject, '-keyout', files.keyFile, '-out', files.certFile);
  return files;
}

function certificate(folder: TemporaryFolder, issuer: Certificate, name: string): Certificate {
  const files = { certFile: join(folder.path, `${name}.pem`), keyFile: join(folder.path, `${name}.key`) };
  const request = join(folder.path, `${name}.csr`);
  openssl('req', ...NEW_KEY, '-subj', `/CN=${name}`, '-keyout', files.keyFile, '-out', request);
  const extension = secret(folder, `${name}.ext`, 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  const sign = [
    '-CA',
    issuer.certFile,
    '-CAkey',
    issuer.keyFile,
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    extension,
  ];
  openssl('x509', '-req', '-in', request, ...sign, '-out', files.certFile);
  return files;
}
