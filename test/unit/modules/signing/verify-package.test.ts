/** Who gets in and who does not, and that the refusal says which it is. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { GatewayError } from '../../../../gateway/src/base/errors.ts';
import { seededRandom } from '../../../../gateway/src/base/random.ts';
import type { PackageContents } from '../../../../gateway/src/core/modules/ports.ts';
import { keyIdOf, publicKeyFile, rawPublicKey } from '../../../../gateway/src/core/modules/signing/public-key.ts';
import { parseSignature } from '../../../../gateway/src/core/modules/signing/signature-file.ts';
import { revokeKey } from '../../../../gateway/src/core/modules/signing/trust-changes.ts';
import { trustClassOf } from '../../../../gateway/src/core/modules/signing/trust-class.ts';
import { parseTrust, type TrustStore } from '../../../../gateway/src/core/modules/signing/trust-store.ts';
import { type VerifyContext, verifyPackage } from '../../../../gateway/src/core/modules/signing/verify-package.ts';
import { DAY_MS, manifestOf, newKey, SIGNED_MS, signed, trusting, WASM } from './signed-package.ts';

const author = newKey();
const keyId = keyIdOf(rawPublicKey(author));
const contents = signed(author);
const trust = trusting(author);
const INSTALL: VerifyContext = { nowMs: SIGNED_MS + DAY_MS, atBoot: false };
const BOOT: VerifyContext = { nowMs: 0, atBoot: true };

function refused(reason: RegExp, given: Partial<PackageContents>, by: TrustStore = trust, context = INSTALL): void {
  assert.throws(
    () => verifyPackage({ ...contents, ...given }, by, context),
    (error: unknown) => {
      assert.ok(error instanceof GatewayError, String(error));
      assert.equal(error.code, 'denied');
      assert.match(error.message, reason);
      assert.ok(error.hint !== undefined || /signature\.json/.test(error.message));
      return true;
    },
  );
}

/** Another text for the manifest, with the signature of the first. */
const changed = (changes: Record<string, unknown>) => ({ manifestText: JSON.stringify(manifestOf('quiet', changes)) });
const withSignature = (changes: Record<string, unknown>) => ({
  signatureText: JSON.stringify({ ...JSON.parse(contents.signatureText!), ...changes }),
});

describe('a package that is right', () => {
  test('is let in, at install and at boot, with who made it', () => {
    const expected = { keyId, publisher: 'Example Works', role: 'vendor', signedAtMs: SIGNED_MS };
    assert.deepEqual(verifyPackage(contents, trust, INSTALL), expected);
    assert.deepEqual(verifyPackage(contents, trust, BOOT), expected);
    assert.equal(trustClassOf('vendor'), 'vendor');
  });

  test('may be written with other white space and another order of members: the value is what is signed', () => {
    const manifest = Object.fromEntries(Object.entries(manifestOf('quiet')).reverse());
    const manifestText = `\n${JSON.stringify(manifest, null, '\t')}\n`;
    assert.equal(verifyPackage({ ...contents, manifestText }, trust, INSTALL).keyId, keyId);
  });
});

describe('a package is refused', () => {
  test('unsigned', () => refused(/unsigned/, { signatureText: null }));
  test('signed by a key that nobody trusts', () => {
    refused(/unknown key, [0-9a-f]{4}(-[0-9a-f]{4}){3}/, signed(newKey()));
    refused(/unknown key/, {}, parseTrust(null));
  });
  test('forged: another key signed it under the name of a trusted one', () => {
    const forged = JSON.parse(signed(newKey()).signatureText!) as object;
    refused(/signature is wrong for key .*Example Works/, { signatureText: JSON.stringify({ ...forged, keyId }) });
  });
  test('with the signature of another package of the same author', () => {
    const other = signed(author, manifestOf('other'));
    refused(/signature is wrong/, { signatureText: other.signatureText });
    refused(/signature is wrong/, { manifestText: other.manifestText });
  });
  test('with the signature of an earlier version', () => {
    const earlier = signed(author, manifestOf('quiet', { version: '1.1.0' }));
    refused(/signature is wrong/, { signatureText: earlier.signatureText });
  });
  test('with other limits, configuration or version', () => {
    const { limits } = manifestOf('quiet') as { limits: object };
    refused(/signature is wrong/, changed({ limits: { ...limits, memoryPages: 1024 } }));
    refused(/signature is wrong/, changed({ limits: { ...limits, extra: 1 } }));
    refused(/signature is wrong/, changed({ capabilities: ['folder'] }));
    refused(/signature is wrong/, changed({ version: '9.0.0' }));
  });
  test('with another file', () => {
    const wasm = Uint8Array.from([...WASM, 0, 1, 0]);
    refused(/hash [0-9a-f]{64} expected, [0-9a-f]{64} found/, { wasm });
    refused(/hash .* found/, { wasm: new Uint8Array() });
  });
  test('with another file and a manifest that speaks of it', () => {
    const wasm = Uint8Array.from([...WASM, 0, 1, 0]);
    const sha256 = sha256Of(wasm);
    refused(/signature is wrong/, { wasm, ...changed({ sha256 }) });
  });
  test('with another moment of signing', () =>
    refused(/signature is wrong/, withSignature({ signedAt: '2030-01-01T00:00:00.000Z' })));

  test('with a key that comes twice in the manifest: which one counts would be the reader’s choice', () => {
    const twice = contents.manifestText.replace('"memoryPages":2', '"memoryPages":1024,"memoryPages":2');
    assert.deepEqual(JSON.parse(twice), JSON.parse(contents.manifestText), 'the platform would read what was signed');
    refused(/malformed: manifest.json: .*each key once/, { manifestText: twice });
  });
  test('with a key that comes twice in the signature', () => {
    const twice = contents.signatureText!.replace('{', '{"keyId":"0000000000000000",');
    refused(/malformed: signature.json: .*each key once/, { signatureText: twice });
  });
  for (const [what, change] of [
    ['algorithm', { algorithm: 'none' }],
    ['version', { version: 2 }],
    ['keyId', { keyId: 'XYZ' }],
    ['signedAt', { signedAt: '2026-02-30T00:00:00.000Z' }],
    ['signedAt', { signedAt: 'today' }],
    ['signature', { signature: '' }],
    ['signature', { signature: `${'A'.repeat(86)}==\n` }],
    ['extra: no such field', { extra: 1 }],
  ] as const)
    test(`with a signature whose field is wrong: ${JSON.stringify(change)}`, () =>
      refused(new RegExp(`signature.json: ${what}`), withSignature(change)));
  for (const text of ['', '[]', 'null', '"x"', '{'])
    test(`with ${JSON.stringify(text)} for a signature or a manifest`, () => {
      refused(/signature.json/, { signatureText: text });
      refused(/manifest.json/, { manifestText: text });
    });
  test('with a signature or a manifest cut short anywhere', () => {
    const { manifestText, signatureText } = contents;
    for (let length = 0; length < signatureText!.length; length++)
      refused(/signature.json/, { signatureText: signatureText!.slice(0, length) });
    for (let length = 0; length < manifestText.length; length++)
      refused(/manifest.json/, { manifestText: manifestText.slice(0, length) });
  });

  test('signed by a key for other modules', () => {
    for (const modules of [['other'], ['qui'], ['*-quiet', 'quiet-*']]) {
      refused(/may sign .*: not allowed to sign this module/, {}, trusting(author, { modules }));
      refused(/not allowed to sign this module/, {}, trusting(author, { modules }), BOOT);
    }
    for (const modules of [['quiet'], ['qu*'], ['other', '*et'], ['q*i*t']])
      verifyPackage(contents, trusting(author, { modules }), INSTALL);
  });
  test('signed in a role that this gateway does not take', () => {
    const developer = trusting(author, { role: 'developer' });
    refused(/role vendor or partner expected, developer/, {}, developer, { ...INSTALL, roles: ['vendor', 'partner'] });
    assert.equal(verifyPackage(contents, developer, { ...INSTALL, roles: ['developer'] }).role, 'developer');
  });
});

describe('time', () => {
  const at = (days: number) => new Date(SIGNED_MS + days * DAY_MS).toISOString();
  test('a revoked key is refused, whenever it signed and at boot too, with when and why', () => {
    const revoked = revokeKey(trust, keyId, 'The laptop was stolen.', SIGNED_MS + 30 * DAY_MS);
    for (const context of [INSTALL, BOOT])
      refused(/was revoked at 2026-12-24T10:00:00\.000Z: The laptop was stolen\./, {}, revoked, context);
  });
  test('signed after the key expired, or before it was valid', () => {
    refused(/expired at .*, signed at/, {}, trusting(author, { notAfter: at(-1) }));
    refused(/is not valid before .*, signed at/, {}, trusting(author, { notBefore: at(1) }));
  });
  test('signed in time, but it is too late or too early to install it', () => {
    refused(/expired at .*, it is 2026/, {}, trusting(author, { notAfter: at(0.5) }));
    refused(/is not valid before .*, it is 1970/, {}, trusting(author, { notBefore: at(-1) }), {
      ...INSTALL,
      nowMs: 0,
    });
  });
  test('both ends of the time belong to it', () => {
    const exact = trusting(author, { notBefore: at(0), notAfter: at(0) });
    verifyPackage(contents, exact, { ...INSTALL, nowMs: SIGNED_MS });
    refused(/expired/, {}, exact, { ...INSTALL, nowMs: SIGNED_MS + 1 });
  });
  test('at boot no clock is asked: what was installed in time starts, whatever the clock says', () => {
    const narrow = trusting(author, { notBefore: at(-1), notAfter: at(1) });
    for (const nowMs of [0, SIGNED_MS + 1000 * DAY_MS]) verifyPackage(contents, narrow, { nowMs, atBoot: true });
    verifyPackage(contents, trusting(author, { notAfter: at(-1) }), BOOT);
  });
});

describe('one octet', () => {
  const outcome = (given: PackageContents) => {
    try {
      verifyPackage(given, trust, INSTALL);
      return 'accepted';
    } catch (error) {
      assert.ok(error instanceof GatewayError && error.code === 'denied', String(error));
      return 'refused';
    }
  };
  /** At every place: the next octet, the other case, one outside of ASCII, and two at random. */
  function* variants(octets: Uint8Array): Generator<Buffer> {
    const random = seededRandom(octets.length);
    for (let at = 0; at < octets.length; at++) {
      const others = [1 + random.below(255), 1 + random.below(255)];
      for (const bits of new Set([0x01, 0x20, 0x80, ...others])) {
        const variant = Buffer.from(octets);
        variant[at]! ^= bits;
        yield variant;
      }
    }
  }

  test('changed anywhere in the file, the manifest or the signature: refused', () => {
    for (const wasm of variants(WASM)) assert.equal(outcome({ ...contents, wasm }), 'refused');
    for (const octets of variants(Buffer.from(contents.manifestText)))
      assert.equal(outcome({ ...contents, manifestText: octets.toString() }), 'refused', octets.toString());
    for (const octets of variants(Buffer.from(contents.signatureText!)))
      assert.equal(outcome({ ...contents, signatureText: octets.toString() }), 'refused', octets.toString());
  });

  test('of white space may be another white space: nothing else passes, and what is read is the same', () => {
    const wide = signed(author, manifestOf('quiet'), 1);
    let accepted = 0;
    for (const octets of variants(Buffer.from(wide.manifestText))) {
      if (outcome({ ...wide, manifestText: octets.toString() }) === 'refused') continue;
      assert.deepEqual(JSON.parse(octets.toString()), JSON.parse(wide.manifestText));
      accepted++;
    }
    for (const octets of variants(Buffer.from(wide.signatureText!))) {
      if (outcome({ ...wide, signatureText: octets.toString() }) === 'refused') continue;
      assert.deepEqual(parseSignature(octets.toString()), parseSignature(wide.signatureText!));
      accepted++;
    }
    assert.ok(accepted > 0, 'the property is not met by refusing everything');
  });
});

test('the name of a key is sixteen digits of the hash of its raw octets', () => {
  const { publicKey } = publicKeyFile(author, 'x');
  assert.equal(sha256Of(Buffer.from(publicKey, 'base64')).slice(0, 16), keyId);
});

function sha256Of(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex');
}
