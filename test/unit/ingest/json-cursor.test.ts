import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Random, seededRandom } from '../../../gateway/src/base/random.ts';
import { decodeFaultName } from '../../../gateway/src/core/ingest/decode-faults.ts';
import { DEPTH_MAX, skipSpace, skipValue } from '../../../gateway/src/core/ingest/json-cursor.ts';
import { unescapeText } from '../../../gateway/src/core/ingest/json-unescape.ts';

const encode = (text: string) => new TextEncoder().encode(text);
const textOf = new TextDecoder('utf-8', { ignoreBOM: true });

/** A fault's name, or undefined when the whole of it is one document. */
function faultOf(octets: Uint8Array): string | undefined {
  const after = skipValue(octets, skipSpace(octets, 0, octets.length), octets.length, 0);
  if (after < 0) return decodeFaultName(after);
  return skipSpace(octets, after, octets.length) === octets.length ? undefined : 'malformed_json';
}

function isJson(octets: Uint8Array): boolean {
  try {
    JSON.parse(textOf.decode(octets));
    return true;
  } catch {
    return false;
  }
}

test('documents of every kind are accepted', () => {
  for (const text of [
    ...['0', '"x"', 'true', 'false', 'null', '{}', '[]', ' [ ] ', '{ "a" : [ 1 , { } , "\\u00e9\\n\\/" ] , "b":null }'],
    ...['"\\ud800"', '"é😀"', '\t\r\n1\n', '1e999', '{"a":1,"a":2}'],
  ]) {
    assert.equal(faultOf(encode(text)), undefined, text);
  }
});

test('what is no document is a fault', () => {
  for (const text of [
    ...['', ' ', '{', '[', '[1', '[1,', '[1,]', '{"a"}', '{"a":}', '{"a":1,}', '{a:1}', "{'a':1}", '1 2', '[1]]', '}'],
    ...[
      'tru',
      'nulL',
      '"',
      '"\\',
      '"\\x"',
      '"\\u12"',
      '"\\u12g4"',
      '"\n"',
      '"\u0000"',
      '01',
      '1.',
      '+1',
      '\u00a01',
      '\ufeff1',
    ],
  ]) {
    assert.equal(faultOf(encode(text)), 'malformed_json', JSON.stringify(text));
  }
});

test('tokens that firmware prints for floats that are no numbers have a fault of their own', () => {
  for (const text of ['NaN', '[-Infinity]', '{"value":NaN}', '{"a":[nan]}', '-inf']) {
    assert.equal(faultOf(encode(text)), 'nan', text);
  }
});

test('containers may be nested to the bound and no deeper', () => {
  assert.equal(faultOf(encode('['.repeat(DEPTH_MAX) + ']'.repeat(DEPTH_MAX))), undefined);
  assert.equal(faultOf(encode('['.repeat(DEPTH_MAX + 1) + ']'.repeat(DEPTH_MAX + 1))), 'too_deep');
  assert.equal(faultOf(encode('{"a":'.repeat(100_000))), 'too_deep');
});

test('escapes become the UTF-8 of their text, and a lone surrogate U+FFFD', () => {
  for (const inside of [
    'a\\"b',
    '\\b\\f\\n\\r\\t\\/\\\\',
    '\\u0041\\u00e9\\u20ac',
    '\\ud83d\\ude00',
    '\\ud83dx',
    '\\ude00\\ud83d',
    'é\\u0000',
  ]) {
    const into = new Uint8Array(64);
    const octets = encode(inside);
    const length = unescapeText(octets, 0, octets.length, into, 0);
    assert.deepEqual(into.subarray(0, length), encode(JSON.parse(`"${inside}"`)), inside);
  }
  assert.equal(unescapeText(encode('\\u20ac'), 0, 6, new Uint8Array(2), 0), -1);
});

const SEEDS = [
  '[{"value":21.53,"time":1750000000000},{"value":-0.5e+3,"time":"2025-06-15T12:00:00Z"}]',
  '{"a":{"b":[1,2,{"c":null}],"é":"\\u00e9\\"😀"},"t":true,"f":false}',
  ' { "payload" : { "temp" : { "value" : 1.0e-5 } } , "x" : "" } ',
];
const OCTETS = encode('{}[]",:\\/ubfnrt0123456789+-.eE \t\n\r\u0000aNul');

function mutate(octets: Uint8Array, random: Random): Uint8Array {
  const list = [...octets];
  for (let n = 1 + random.below(3); n > 0; n--) {
    const at = random.below(list.length + 1);
    const octet = random.below(8) === 0 ? random.below(256) : OCTETS[random.below(OCTETS.length)]!;
    const how = random.below(4);
    if (how === 0) list.splice(at, 1);
    else if (how === 1) list.splice(at, 0, octet);
    else if (how === 2) list[at] = octet;
    else list.splice(at, random.below(5), ...list.slice(random.below(list.length), random.below(list.length)));
  }
  return Uint8Array.from(list);
}

const seed = Number(process.env.SEED ?? 4711);
test(`60,000 mutated documents are accepted exactly when JSON.parse accepts them, seed ${seed}`, () => {
  const random = seededRandom(seed);
  let accepted = 0;
  for (let i = 0; i < 60_000; i++) {
    const octets = mutate(encode(SEEDS[i % SEEDS.length]!), random);
    const isAccepted = faultOf(octets) === undefined;
    if (isAccepted) accepted++;
    if (isAccepted !== isJson(octets)) assert.fail(`${isAccepted ? 'accepted' : 'refused'}: ${textOf.decode(octets)}`);
  }
  assert.ok(accepted > 5000 && accepted < 55_000, `${accepted} accepted`);
});
