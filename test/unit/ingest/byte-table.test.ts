import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayError } from '../../../gateway/src/base/errors.ts';
import { seededRandom } from '../../../gateway/src/base/random.ts';
import { ByteTable } from '../../../gateway/src/core/ingest/byte-table.ts';

const encode = (text: string) => new TextEncoder().encode(text);

test('a key keeps the number it was given, wherever it lies in a buffer', () => {
  const table = new ByteTable(10, 'topics');
  const buf = encode('..sensors/a..sensors/b..');
  assert.equal(table.find(buf, 2, 11), -1);
  assert.equal(table.add(buf, 2, 11), 0);
  assert.equal(table.add(buf, 13, 22), 1);
  assert.equal(table.add(buf, 2, 11), 0);
  const other = encode('sensors/b');
  assert.equal(table.find(other, 0, 9), 1);
  assert.equal(table.find(other, 0, 8), -1);
  assert.equal(table.textOf(1), 'sensors/b');
  assert.equal(table.size, 2);
});

test('the empty key and keys of other lengths are different keys', () => {
  const table = new ByteTable(10, 'topics');
  const zeros = new Uint8Array(8);
  const slots = [0, 1, 2, 3, 4, 5].map((length) => table.add(zeros, 0, length));
  assert.deepEqual(slots, [0, 1, 2, 3, 4, 5]);
});

test('the key is copied: the buffer may change after', () => {
  const table = new ByteTable(10, 'topics');
  const buf = encode('abc');
  table.add(buf, 0, 3);
  buf.fill(0);
  assert.equal(table.find(encode('abc'), 0, 3), 0);
});

test('a new key at the bound is refused and the table stays as it was', () => {
  const table = new ByteTable(2, 'topics');
  table.add(encode('a'), 0, 1);
  table.add(encode('b'), 0, 1);
  assert.throws(
    () => table.add(encode('c'), 0, 1),
    (error) => error instanceof GatewayError && error.code === 'exhausted' && /topics.*2/.test(error.message),
  );
  assert.equal(table.add(encode('b'), 0, 1), 1);
  assert.equal(table.find(encode('c'), 0, 1), -1);
  assert.equal(table.isFull(), true);
});

test('ten thousand random keys are found as a Map finds them, seed 7', () => {
  const random = seededRandom(7);
  const table = new ByteTable(20_000, 'keys');
  const peer = new Map<string, number>();
  for (let i = 0; i < 20_000; i++) {
    const octets = Uint8Array.from({ length: random.below(12) }, () => 97 + random.below(3));
    const text = String.fromCharCode(...octets);
    assert.equal(table.find(octets, 0, octets.length), peer.get(text) ?? -1);
    if (!peer.has(text)) peer.set(text, peer.size);
    assert.equal(table.add(octets, 0, octets.length), peer.get(text));
  }
});
