import { createHash, createPublicKey, verify } from 'node:crypto';
import { zstd } from '../../adapters/files/zstd.ts';
import { type Check, expectSame } from './check.ts';

/** FIPS 180-4, example of one block. */
const SHA256_ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

/** RFC 8032, section 7.1, test 2: one octet, 0x72. */
const ED25519 = {
  publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
  message: '72',
  signature:
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
};

/** An Ed25519 public key in DER begins so: RFC 8410. */
const SPKI_PREFIX = '302a300506032b6570032100';

/** Known answers of the hash and the signature that everything else relies on. */
export const cryptoCheck: Check = {
  name: 'cryptography',
  run() {
    expectSame('SHA-256 of "abc"', SHA256_ABC, createHash('sha256').update('abc').digest('hex'));
    const der = Buffer.from(SPKI_PREFIX + ED25519.publicKey, 'hex');
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    const message = Buffer.from(ED25519.message, 'hex');
    const signature = Buffer.from(ED25519.signature, 'hex');
    expectSame('the signature of RFC 8032', true, verify(null, message, key, signature));
    signature[0]! ^= 1;
    expectSame('the same signature with one bit changed', false, verify(null, message, key, signature));
    return 'SHA-256, Ed25519: known answers';
  },
};

/** A round trip, and a damaged frame that must be refused. */
export const compressionCheck: Check = {
  name: 'compression',
  run() {
    const raw = Uint8Array.from({ length: 65_536 }, (_, i) => (i * i) >> 8);
    const packed = zstd.compress(raw);
    expectSame('octets after a round trip', 0, Buffer.compare(raw, zstd.decompress(packed, raw.length)));
    // CRC-32 of "123456789" is the check value of its catalogue entry (CRC-32/ISO-HDLC).
    expectSame('CRC-32', 0xcbf43926, zstd.crc32(Buffer.from('123456789')));
    return `zstd: ${raw.length} octets in ${packed.length}; CRC-32`;
  },
};
