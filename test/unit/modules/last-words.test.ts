import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLastWords } from '../../../gateway/src/adapters/wasm/last-words.ts';

/** What is read of a panic buffer of `bytes` octets that holds `text` and says that it has `octets` of it. */
function wordsOf(text: string | Uint8Array, { octets = Buffer.from(text).length, bytes = 512 } = {}): string {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const at = 65_536 - bytes;
  new DataView(memory.buffer).setUint32(at, octets, true);
  new Uint8Array(memory.buffer, at + 4).set(Buffer.from(text).subarray(0, bytes - 4));
  return readLastWords(memory, { at, bytes });
}

test('a text is read as it stands', () => {
  assert.equal(wordsOf("panicked at 'zu groß', mean.rs:9:5"), "panicked at 'zu groß', mean.rs:9:5");
  assert.equal(wordsOf(''), '');
});

test('a length beyond the buffer reads no further than its end, and none more than 512 octets', () => {
  assert.equal(wordsOf('why', { octets: 0xffff_ffff, bytes: 8 }), 'why');
  assert.equal(wordsOf('x'.repeat(900), { bytes: 1024 }).length, 512);
});

test('what steers a terminal, breaks a line or turns the direction of writing is a space', () => {
  assert.equal(wordsOf('one\r\ntwo\u001b[31mthree\u2028four\u202efive\0'), 'one two [31mthree four five');
});

test('octets that are no UTF-8 do no harm, and a character that was cut is left out', () => {
  assert.equal(wordsOf(Uint8Array.of(0x61, 0xff, 0x62)), 'a\u{fffd}b');
  assert.equal(wordsOf('zu groß!', { octets: 7 }), 'zu gro');
});
