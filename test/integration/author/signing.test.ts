/** An author makes a key and signs; an operator trusts, lists, revokes; a package is judged by it. The same octets are judged by OpenSSL. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, mock, test } from 'node:test';
import { GatewayError } from '../../../gateway/src/base/errors.ts';
import { type Command, EXIT, parseInput } from '../../../gateway/src/main/commands/command.ts';
import { moduleInspect } from '../../../gateway/src/main/commands/module-inspect.ts';
import { moduleKeygen } from '../../../gateway/src/main/commands/module-keygen.ts';
import { moduleSign } from '../../../gateway/src/main/commands/module-sign.ts';
import { moduleVerify } from '../../../gateway/src/main/commands/module-verify.ts';
import { trustAdd, trustList, trustRevoke } from '../../../gateway/src/main/commands/trust.ts';
import { findBinary, skipWithout } from '../../support/require.ts';
import { runProgram } from '../../support/run-program.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { BODY, wasmModule } from '../../support/wasm-module.ts';
import { manifestOf } from '../../unit/modules/signing/signed-package.ts';

const PASSPHRASE = 'correct horse battery staple';

/** Runs a verb as the program does. @returns what it printed. */
async function run(command: Command, ...args: string[]): Promise<string> {
  let printed = '';
  const write = mock.method(process.stdout, 'write', (text: string) => {
    printed += text;
    return true;
  });
  try {
    assert.equal(await command.run(parseInput(command, args)), EXIT.ok);
  } finally {
    write.mock.restore();
  }
  return printed;
}

async function asked<T>(command: Command, ...args: string[]): Promise<T> {
  return JSON.parse(await run(command, ...args, '--json')) as T;
}

function fails(code: string, reason: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof GatewayError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, reason);
    return true;
  };
}

/** A folder with a package that is fit to sign, an author's key, and an empty state folder. */
async function workshop() {
  const folder = temporaryFolder();
  const at = (name: string) => join(folder.path, name);
  const module = at('quiet');
  mkdirSync(module);
  mkdirSync(at('state'));
  writePackage(module);
  await run(moduleKeygen, '--out', at('author.pem'), '--name', 'Example Works');
  const state = ['--state', at('state')];
  return { at, module, state, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

function writePackage(folder: string, changes: Record<string, unknown> = {}, wasm = wasmModule(BODY.quiet)): void {
  const sha256 = createHash('sha256').update(wasm).digest('hex');
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifestOf('quiet', { sha256, ...changes }), null, 2));
  writeFileSync(join(folder, 'quiet.wasm'), wasm);
}

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe('from key to trust', () => {
  test('sign, refuse, add, verify, list, revoke, refuse', async () => {
    using shop = await workshop();
    const { at, module, state } = shop;
    await assert.rejects(run(moduleVerify, module, ...state), fails('denied', /unsigned/));
    await run(moduleSign, module, '--key', at('author.pem'));
    await assert.rejects(run(moduleVerify, module, ...state), fails('denied', /unknown key/));
    const pub = at('author.pem.pub');
    assert.match(
      await run(
        trustAdd,
        pub,
        '--role',
        'partner',
        '--modules',
        'quiet,other-*',
        '--not-after',
        '2099-01-01',
        ...state,
      ),
      /of Example Works: trusted as partner for quiet, other-\* until 2099-01-01T00:00:00\.000Z/,
    );
    const text = await run(moduleVerify, module, ...state);
    assert.match(text, /quiet: signed at .* by Example Works, key [0-9a-f]{4}-.*\nrole partner, trust class partner/);
    const found = await asked<{ ok: boolean; role: string }>(moduleVerify, module, '--trust', at('state/trust.json'));
    assert.deepEqual([found.ok, found.role], [true, 'partner']);
    const listed = await asked<{ keys: { keyId: string; revokedReason: string | null }[] }>(trustList, ...state);
    assert.equal(listed.keys.length, 1);
    await run(trustRevoke, listed.keys[0]!.keyId, '--reason', 'The laptop was stolen.', ...state);
    await assert.rejects(run(moduleVerify, module, ...state), fails('denied', /revoked at .*The laptop was stolen/));
    await assert.rejects(run(trustAdd, pub, '--role', 'vendor', ...state), fails('conflict', /revoked at/));
    assert.match(await run(trustList, ...state), /Example Works +partner +quiet,other-\*.*The laptop was stolen/);
  });

  test('a named trust store that is not there is an error, not an empty one', async () => {
    using shop = await workshop();
    await run(moduleSign, shop.module, '--key', shop.at('author.pem'));
    const named = ['--trust', shop.at('none.json')];
    await assert.rejects(run(moduleVerify, shop.module, ...named), fails('not_found', /none\.json/));
    assert.match(await run(trustList, ...shop.state), /no keys/);
  });

  test('one half of a key given for the other is said to be so', async () => {
    using shop = await workshop();
    const [key, pub] = [shop.at('author.pem'), shop.at('author.pem.pub')];
    await assert.rejects(
      run(moduleSign, shop.module, '--key', pub),
      (error: GatewayError) =>
        /a public key found$/.test(error.message) && error.hint === `Name the private half: ${key}.`,
    );
    await assert.rejects(
      run(trustAdd, key, '--role', 'developer', ...shop.state),
      (error: GatewayError) => /a private key found$/.test(error.message) && (error.hint ?? '').includes(pub),
    );
  });

  test('wrong words are refused with what was expected', async () => {
    using shop = await workshop();
    const pub = shop.at('author.pem.pub');
    await assert.rejects(
      run(trustAdd, pub, '--role', 'root', ...shop.state),
      fails('invalid', /--role: one of vendor/),
    );
    await assert.rejects(
      run(trustAdd, shop.at('author.pem'), '--role', 'vendor', ...shop.state),
      fails('invalid', /public key/),
    );
    await assert.rejects(run(trustRevoke, '0'.repeat(16), '--reason', 'x', ...shop.state), fails('not_found', /0000-/));
    await assert.rejects(run(trustRevoke, 'zz', '--reason', 'x', ...shop.state), fails('invalid', /16 hexadecimal/));
    await assert.rejects(run(moduleSign, shop.module), fails('invalid', /--key/));
    await assert.rejects(run(moduleKeygen), fails('invalid', /--out/));
    assert.equal(existsSync(shop.at('state/trust.json')), false, 'nothing was written');
    assert.deepEqual(readdirSync(shop.at('state')), [], 'no draft is left behind');
  });
});

describe('files', () => {
  test('a private key is its owner’s alone, is never printed, and is never overwritten', async () => {
    using shop = await workshop();
    const key = shop.at('second.pem');
    const printed = await run(moduleKeygen, '--out', key, '--name', 'B');
    const pem = readFileSync(key, 'utf8');
    assert.equal(modeOf(key), '600');
    assert.match(pem, /^-----BEGIN PRIVATE KEY-----/);
    for (const line of pem.split('\n').filter((text) => /^[A-Za-z0-9+/=]{8,}$/.test(text)))
      assert.ok(!printed.includes(line));
    const before = readFileSync(`${key}.pub`, 'utf8');
    await assert.rejects(run(moduleKeygen, '--out', key), fails('conflict', /second\.pem/));
    assert.equal(readFileSync(key, 'utf8'), pem);
    assert.equal(readFileSync(`${key}.pub`, 'utf8'), before);
    writeFileSync(shop.at('third.pem'), 'precious');
    await assert.rejects(run(moduleKeygen, '--out', shop.at('third.pem')), fails('conflict', /third\.pem/));
    assert.equal(readFileSync(shop.at('third.pem'), 'utf8'), 'precious');
    assert.equal(existsSync(shop.at('third.pem.pub')), false, 'no public key without its private one');
    symlinkSync(shop.at('elsewhere'), shop.at('fourth.pem'));
    await assert.rejects(run(moduleKeygen, '--out', shop.at('fourth.pem')), fails('conflict', /fourth\.pem/));
    assert.equal(existsSync(shop.at('elsewhere')), false, 'a link is not followed');
  });

  test('a key that others can read does not sign', async () => {
    using shop = await workshop();
    chmodSync(shop.at('author.pem'), 0o640);
    const args = [shop.module, '--key', shop.at('author.pem')];
    await assert.rejects(run(moduleSign, ...args), fails('denied', /owner alone expected, 640 found/));
    assert.equal(existsSync(join(shop.module, 'signature.json')), false);
  });

  test('an encrypted key signs with its passphrase and with no other', async () => {
    using shop = await workshop();
    const { at, module } = shop;
    writeFileSync(at('passphrase'), `${PASSPHRASE}\n`, { mode: 0o600 });
    writeFileSync(at('other'), 'another passphrase\n', { mode: 0o600 });
    writeFileSync(at('short'), 'short\n', { mode: 0o600 });
    writeFileSync(at('open'), `${PASSPHRASE}\n`, { mode: 0o644 });
    const keygen = (file: string) => run(moduleKeygen, '--out', at('locked.pem'), '--passphrase-file', at(file));
    await assert.rejects(keygen('short'), fails('invalid', /at least 12 characters expected, 5 found/));
    await assert.rejects(keygen('open'), fails('denied', /passphrase .*644 found/));
    await keygen('passphrase');
    assert.match(readFileSync(at('locked.pem'), 'utf8'), /BEGIN ENCRYPTED PRIVATE KEY/);
    const sign = (...args: string[]) => run(moduleSign, module, '--key', at('locked.pem'), ...args);
    await assert.rejects(sign(), fails('invalid', /locked\.pem: its passphrase expected/));
    await assert.rejects(sign('--passphrase-file', at('other')), fails('invalid', /its passphrase expected/));
    await sign('--passphrase-file', at('passphrase'));
  });

  test('the trust store is private, and one that others can write trusts nobody', async () => {
    using shop = await workshop();
    await run(trustAdd, shop.at('author.pem.pub'), '--role', 'vendor', ...shop.state);
    const path = shop.at('state/trust.json');
    assert.equal(modeOf(path), '600');
    chmodSync(path, 0o620);
    await assert.rejects(run(trustList, ...shop.state), fails('denied', /trust store .*620 found/));
    chmodSync(path, 0o600);
    writeFileSync(path, readFileSync(path, 'utf8').replace('"vendor"', '"root"'));
    const add = run(trustAdd, shop.at('author.pem.pub'), '--role', 'vendor', ...shop.state);
    await assert.rejects(add, fails('corrupt', /keys\[0\]\.role/));
    assert.match(readFileSync(path, 'utf8'), /"root"/, 'left as it was');
  });

  test('two changes at once: the second is refused, none is lost', async () => {
    using shop = await workshop();
    writeFileSync(shop.at('state/trust.json.tmp'), '');
    const add = () => run(trustAdd, shop.at('author.pem.pub'), '--role', 'vendor', ...shop.state);
    await assert.rejects(add(), fails('conflict', /another change is under way/));
    assert.deepEqual(readdirSync(shop.at('state')), ['trust.json.tmp'], 'the other one’s draft is left alone');
  });

  const isRoot = process.getuid?.() === 0;
  test('what root writes belongs to the owner of the state folder', { skip: !isRoot && 'needs root' }, async () => {
    using shop = await workshop();
    chownSync(shop.at('state'), 12_345, 12_346);
    await run(trustAdd, shop.at('author.pem.pub'), '--role', 'vendor', ...shop.state);
    const { uid, gid } = statSync(shop.at('state/trust.json'));
    assert.deepEqual([uid, gid], [12_345, 12_346]);
  });
});

describe('only what a gateway would run is signed', () => {
  const cases: [string, RegExp, (folder: string) => void][] = [
    ['a file that is not the one of its manifest', /hash/, (f) => writePackage(f, { sha256: '0'.repeat(64) })],
    ['a malformed manifest', /limits\.fuelPerCall/, (f) => writePackage(f, { limits: {} })],
    ['a version that is none', /semantic version/, (f) => writePackage(f, { version: '1.2.3-..' })],
    [
      'what the guard refuses',
      /pages of memory/,
      (f) => writePackage(f, { limits: { ...(manifestOf('quiet').limits as object), memoryPages: 1 } }),
    ],
    ['what lacks exports', /gw_on_event/, (f) => writePackage(f, { kind: 'function', outputs: [] })],
    ['what is no WebAssembly', /header/, (f) => writePackage(f, {}, Buffer.from('no wasm'))],
    [
      'a manifest with a key twice',
      /each key once/,
      (f) => {
        const path = join(f, 'manifest.json');
        writeFileSync(path, readFileSync(path, 'utf8').replace('{', '{"abi":"gw1",'));
      },
    ],
    [
      'a manifest that is not UTF-8',
      /UTF-8 expected/,
      (f) => writeFileSync(join(f, 'manifest.json'), Buffer.from([0x22, 0xff, 0x22])),
    ],
    ['a manifest that leads elsewhere', /id: a kebab-case name/, (f) => writePackage(f, { id: '../quiet' })],
  ];
  for (const [what, reason, spoil] of cases) {
    test(what, async () => {
      using shop = await workshop();
      spoil(shop.module);
      await assert.rejects(run(moduleSign, shop.module, '--key', shop.at('author.pem')), (error: unknown) => {
        assert.ok(error instanceof GatewayError, String(error));
        assert.match(error.message, reason);
        return true;
      });
      assert.equal(existsSync(join(shop.module, 'signature.json')), false);
    });
  }
});

describe('inspect', () => {
  interface Inspection {
    readonly manifest: { ok: boolean } | null;
    readonly signature: { ok: boolean; reason?: string } | null;
    readonly binary: { ok: boolean; value: { functions: number } };
    readonly limits: { limit: string; allowed: number; found: number }[];
    readonly guard: { ok: boolean; reason?: string };
  }

  test('tells of a package what it asks for, what it has, who signed it, and the verdict', async () => {
    using shop = await workshop();
    const { at, module, state } = shop;
    const before = await asked<Inspection>(moduleInspect, module, ...state);
    assert.deepEqual([before.manifest?.ok, before.guard.ok, before.signature?.ok], [true, true, false]);
    assert.match(before.signature!.reason!, /unsigned/);
    assert.deepEqual(
      before.limits.find(({ limit }) => limit === 'functions'),
      { limit: 'functions', allowed: 20, found: 7 },
    );
    await run(trustAdd, at('author.pem.pub'), '--role', 'vendor', ...state);
    await run(moduleSign, module, '--key', at('author.pem'));
    const text = await run(moduleInspect, module, ...state);
    for (const line of [
      /^quiet 1\.2\.0 \(stream, gw1, profile core\)\nSays nothing/,
      /^signature {3}by Example Works, key [0-9a-f-]{19}, vendor, at /m,
      /^exports {5}gw_abi_1_0, .*memory \(memory\)$/m,
      /^memory {6}2 to 2 pages of 64 KiB$/m,
      /^functions +20 +7$/m,
      /^guard {7}admitted, \d+ octets with fuel$/m,
    ])
      assert.match(text, line);
  });

  test('says of a refused module why, and shows a changed package for what it is', async () => {
    using shop = await workshop();
    const limits = { ...(manifestOf('quiet').limits as object), functions: 3 };
    await run(moduleSign, shop.module, '--key', shop.at('author.pem'));
    writePackage(shop.module, { limits });
    await run(trustAdd, shop.at('author.pem.pub'), '--role', 'vendor', ...shop.state);
    const text = await run(moduleInspect, shop.module, ...shop.state);
    assert.match(text, /^guard {7}REFUSED: module: functions at offset \d+: 3 allowed, 7 found$/m);
    assert.match(text, /^signature {3}REFUSED: .*signature is wrong/m);
    assert.match(text, /^functions +3 +7 +over$/m);
  });

  test('says in which trust store a key is not trusted', async () => {
    using shop = await workshop();
    await run(moduleSign, shop.module, '--key', shop.at('author.pem'));
    const text = await run(moduleInspect, shop.module, ...shop.state);
    assert.match(
      text,
      /^signature {3}REFUSED: signed with an unknown key, .*: not trusted in .*trust\.json, which has 0 keys$/m,
    );
  });

  test('takes a bare binary, and what is none', async () => {
    using shop = await workshop();
    const bare = await asked<Inspection>(moduleInspect, join(shop.module, 'quiet.wasm'));
    assert.deepEqual(
      [bare.manifest, bare.signature, bare.guard.ok, bare.binary.value.functions],
      [null, null, true, 7],
    );
    writeFileSync(shop.at('x.wasm'), '#!/bin/sh\n');
    const none = await asked<Inspection>(moduleInspect, shop.at('x.wasm'));
    assert.deepEqual([none.binary.ok, none.guard.ok], [false, false]);
    assert.match(await run(moduleInspect, shop.at('x.wasm')), /binary {6}not readable: .*header/);
    await assert.rejects(run(moduleInspect, shop.at('absent')), fails('not_found', /absent/));
  });

  test('does not let a module steer the terminal', async () => {
    using shop = await workshop();
    writePackage(shop.module, { summary: 'a\u001b[2J\u202eb\u0007' });
    const text = await run(moduleInspect, shop.module, ...shop.state);
    assert.equal(/[^\P{C}\n]/u.test(text), false);
  });
});

describe('plain Ed25519 over the documented octets', { skip: skipWithout('openssl') }, () => {
  const openssl = async (...args: string[]) => {
    const { code, stdout, stderr } = await runProgram(findBinary('openssl')!, args);
    return { code, text: `${stdout}${stderr}` };
  };

  /** The four lines, put together by hand. All numbers of this manifest are their own canonical form. */
  function octetsOf(module: string, signedAt: string): string {
    const sorted = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(sorted);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([k, v]) => [k, sorted(v)]),
      );
    };
    const manifest = JSON.stringify(sorted(JSON.parse(readFileSync(join(module, 'manifest.json'), 'utf8'))));
    const sha256 = createHash('sha256')
      .update(readFileSync(join(module, 'quiet.wasm')))
      .digest('hex');
    return `tidegate-module-signature-v1\n${manifest}\n${sha256}\n${signedAt}\n`;
  }

  test('OpenSSL accepts our signature, and refuses it for other octets', async () => {
    using shop = await workshop();
    const { at, module } = shop;
    await run(moduleSign, module, '--key', at('author.pem'));
    const { signature, signedAt } = JSON.parse(readFileSync(join(module, 'signature.json'), 'utf8'));
    writeFileSync(at('octets'), octetsOf(module, signedAt));
    writeFileSync(at('other'), octetsOf(module, signedAt).replace('quiet', 'quieT'));
    writeFileSync(at('signature'), Buffer.from(signature, 'base64'));
    assert.equal((await openssl('pkey', '-in', at('author.pem'), '-pubout', '-out', at('public.pem'))).code, 0);
    const check = (file: string) =>
      openssl(
        'pkeyutl',
        '-verify',
        '-pubin',
        '-inkey',
        at('public.pem'),
        '-rawin',
        '-in',
        at(file),
        '-sigfile',
        at('signature'),
      );
    const right = await check('octets');
    assert.deepEqual([right.code, right.text.trim()], [0, 'Signature Verified Successfully']);
    assert.match((await check('other')).text, /Signature Verification Failure/);
  });

  test('we accept a signature that OpenSSL made with a key that OpenSSL made', async () => {
    using shop = await workshop();
    const { at, module, state } = shop;
    assert.equal((await openssl('genpkey', '-algorithm', 'ed25519', '-out', at('k.pem'))).code, 0);
    assert.equal(
      (await openssl('pkey', '-in', at('k.pem'), '-pubout', '-outform', 'DER', '-out', at('k.der'))).code,
      0,
    );
    const raw = readFileSync(at('k.der')).subarray(-32);
    const keyId = createHash('sha256').update(raw).digest('hex').slice(0, 16);
    const publicKey = {
      version: 1,
      algorithm: 'ed25519',
      keyId,
      name: 'By OpenSSL',
      publicKey: raw.toString('base64'),
    };
    writeFileSync(at('k.pub'), JSON.stringify(publicKey));
    await run(trustAdd, at('k.pub'), '--role', 'developer', ...state);
    const signedAt = '2026-11-24T10:00:00Z';
    writeFileSync(at('octets'), octetsOf(module, signedAt));
    const made = await openssl(
      'pkeyutl',
      '-sign',
      '-inkey',
      at('k.pem'),
      '-rawin',
      '-in',
      at('octets'),
      '-out',
      at('signature'),
    );
    assert.equal(made.code, 0, made.text);
    const signature = readFileSync(at('signature')).toString('base64');
    const file = { version: 1, algorithm: 'ed25519', keyId, signedAt, signature };
    writeFileSync(join(module, 'signature.json'), JSON.stringify(file));
    assert.match(await run(moduleVerify, module, ...state), /by By OpenSSL.*\nrole developer, trust class developer/);
  });
});
