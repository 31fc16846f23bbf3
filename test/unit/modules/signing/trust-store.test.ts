/** The trust store is read strictly: one fault refuses all of it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GatewayError } from '../../../../gateway/src/base/errors.ts';
import {
  groupedKeyId,
  parseKeyId,
  parsePublicKeyFile,
  publicKeyFile,
} from '../../../../gateway/src/core/modules/signing/public-key.ts';
import { addKey, revokeKey } from '../../../../gateway/src/core/modules/signing/trust-changes.ts';
import { formatTrust, parseTrust, TRUSTED_KEYS_MAX } from '../../../../gateway/src/core/modules/signing/trust-store.ts';
import { newKey, SIGNED_MS, trusting } from './signed-package.ts';

const fails = (code: string, reason: RegExp) => (error: unknown) => {
  assert.ok(error instanceof GatewayError, String(error));
  assert.equal(error.code, code);
  assert.match(error.message, reason);
  return true;
};

const key = newKey();
const trust = trusting(key);
const entry = trust.keys[0]!;
const { keyId } = entry;
const ALL = { role: 'vendor', modules: ['*'], notBefore: null, notAfter: null } as const;

describe('reading', () => {
  test('no file trusts nobody; what was written is read again', () => {
    assert.deepEqual(parseTrust(null), { version: 1, keys: [] });
    assert.deepEqual(parseTrust(formatTrust(trust)), trust);
  });

  const store = (...keys: unknown[]) => JSON.stringify({ version: 1, keys });
  const wrong: [string, RegExp, string][] = [
    ['text that is no JSON', /trust store: document: at character 0/, 'keys:'],
    ['a key of the document twice', /each key once/, '{"version":1,"keys":[],"keys":[]}'],
    ['another version', /version: 1 expected, 2 found/, '{"version":2,"keys":[]}'],
    ['an unknown field', /trusted: no such field/, '{"version":1,"keys":[],"trusted":true}'],
    ['a list that is none', /keys: a list/, '{"version":1,"keys":{}}'],
    ['an entry that is none', /keys\[1\]: an object expected, 7 found/, store(entry, 7)],
    [
      'an unknown role',
      /keys\[0\]\.role: one of vendor, partner, developer expected, "root"/,
      store({ ...entry, role: 'root' }),
    ],
    [
      'a field left out',
      /keys\[0\]\.notAfter: null or a moment .* nothing found/,
      store({ ...entry, notAfter: undefined }),
    ],
    ['a misspelt field', /keys\[0\]\.not_after: no such field/, store({ ...entry, not_after: null })],
    ['no modules', /keys\[0\]\.modules/, store({ ...entry, modules: [] })],
    ['a glob with too many stars', /keys\[0\]\.modules/, store({ ...entry, modules: ['*a*b*c*d*'] })],
    ['a glob that is a regular expression', /keys\[0\]\.modules/, store({ ...entry, modules: ['.+'] })],
    ['a key of 31 octets', /keys\[0\]\.publicKey/, store({ ...entry, publicKey: Buffer.alloc(31).toString('base64') })],
    [
      'base64 without its end',
      /keys\[0\]\.publicKey/,
      store({ ...entry, publicKey: entry.publicKey.replace('=', '') }),
    ],
    ['the name of another key', /keyId: that of its publicKey/, store({ ...entry, keyId: '0'.repeat(16) })],
    ['a key twice', /each key once/, store(entry, entry)],
    ['a day that is none', /keys\[0\]\.notAfter/, store({ ...entry, notAfter: '2027-02-29T00:00:00Z' })],
    [
      'an end before the beginning',
      /not before notBefore/,
      store({ ...entry, notBefore: '2027-01-02T00:00:00Z', notAfter: '2027-01-01T00:00:00Z' }),
    ],
    ['a revocation without a reason', /both or neither/, store({ ...entry, revokedAt: '2027-01-01T00:00:00Z' })],
    ['a name that steers the terminal', /keys\[0\]\.name: 1 to 80 printable/, store({ ...entry, name: 'a\u001b[2Jb' })],
    ['a name that turns the direction of text', /keys\[0\]\.name/, store({ ...entry, name: 'a\u202eb' })],
  ];
  for (const [what, reason, text] of wrong)
    test(`${what} is refused`, () => assert.throws(() => parseTrust(text), fails('corrupt', reason)));

  test('every fault is named at once', () => {
    const text = store({ ...entry, role: 'root', modules: [] }, { ...entry, name: '' });
    assert.throws(() => parseTrust(text), fails('corrupt', /keys\[0\]\.role.*keys\[0\]\.modules.*keys\[1\]\.name/));
  });
});

describe('changes', () => {
  test('a hundred keys are the bound, revoked ones among them', () => {
    let full = revokeKey(trust, keyId, 'Old.', SIGNED_MS);
    while (full.keys.length < TRUSTED_KEYS_MAX) full = trusting(newKey(), {}, full);
    assert.equal(parseTrust(formatTrust(full)).keys.length, TRUSTED_KEYS_MAX);
    assert.throws(() => trusting(newKey(), {}, full), fails('exhausted', /at most 100 keys/));
    const over = { version: 1, keys: [...full.keys, { ...entry, keyId: '1'.repeat(16) }] };
    assert.throws(() => parseTrust(JSON.stringify(over)), fails('corrupt', /at most 100 keys/));
  });

  test('a key is added once, and never again after it was revoked', () => {
    assert.throws(
      () => addKey(trust, publicKeyFile(key, 'Other'), ALL),
      fails('conflict', /trusted already, as Example/),
    );
    const revoked = revokeKey(trust, keyId, 'Stolen.', SIGNED_MS);
    assert.throws(() => addKey(revoked, publicKeyFile(key, 'Other'), ALL), fails('conflict', /revoked at 2026-11-24/));
  });

  test('a second revocation leaves the first as it was', () => {
    const revoked = revokeKey(trust, keyId, 'Stolen.', SIGNED_MS);
    assert.deepEqual(revokeKey(revoked, keyId, 'Again.', SIGNED_MS + 1), revoked);
    assert.deepEqual(trust.keys[0]!.revokedAt, null, 'the store given is left as it is');
  });

  test('what would not be read again is not written', () => {
    assert.throws(() => revokeKey(trust, keyId, '', SIGNED_MS), fails('invalid', /revokedReason/));
    assert.throws(() => trusting(newKey(), { modules: ['A'] }), fails('invalid', /modules/));
    assert.throws(() => revokeKey(trust, '0'.repeat(16), 'x', SIGNED_MS), fails('not_found', /0000-0000-0000-0000/));
  });
});

describe('public keys', () => {
  const file = publicKeyFile(key, 'Example Works');
  const text = (changes: object) => JSON.stringify({ ...file, ...changes });

  test('the file is read as it was written', () => assert.deepEqual(parsePublicKeyFile(text({}), 'a.pub'), file));

  test('a file that was changed, or is none, is refused', () => {
    const other = publicKeyFile(newKey(), 'x');
    const cases: [object, RegExp][] = [
      [{ publicKey: other.publicKey }, /keyId of its publicKey/],
      [{ algorithm: 'rsa' }, /algorithm/],
      [{ privateKey: 'x' }, /no such field/],
    ];
    for (const [changes, reason] of cases)
      assert.throws(() => parsePublicKeyFile(text(changes), 'a.pub'), fails('invalid', reason));
    assert.throws(
      () => parsePublicKeyFile('-----BEGIN PUBLIC KEY-----', 'a.pub'),
      fails('invalid', /a\.pub: at character/),
    );
  });

  test('a name is read as it is shown', () => {
    assert.match(groupedKeyId(keyId), /^[0-9a-f]{4}(-[0-9a-f]{4}){3}$/);
    for (const shown of [groupedKeyId(keyId), keyId, keyId.toUpperCase(), groupedKeyId(keyId).replaceAll('-', ' ')])
      assert.equal(parseKeyId(shown), keyId);
    for (const none of ['', keyId.slice(1), `${keyId}0`, 'g'.repeat(16)])
      assert.throws(() => parseKeyId(none), fails('invalid', /16 hexadecimal digits/));
  });
});
