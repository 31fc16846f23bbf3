/** Strict reading and the canonical form, by the vectors of RFC 8785 and against the platform's own reader. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  canonicalJson,
  JSON_OCTETS_MAX,
  type JsonValue,
  parseStrictJson,
} from '../../../../gateway/src/base/canonical-json.ts';
import { GatewayError } from '../../../../gateway/src/base/errors.ts';
import { type Random, seededRandom } from '../../../../gateway/src/base/random.ts';

const read = (text: string) => parseStrictJson(text, 'document');
const refused = (reason: RegExp) => (error: unknown) =>
  error instanceof GatewayError && error.code === 'invalid' && reason.test(error.message);

/** RFC 8785, appendix B: IEEE 754 octets and the text they have. */
const NUMBERS = `
0000000000000000 0
8000000000000000 0
0000000000000001 5e-324
8000000000000001 -5e-324
7fefffffffffffff 1.7976931348623157e+308
ffefffffffffffff -1.7976931348623157e+308
4340000000000000 9007199254740992
c340000000000000 -9007199254740992
4430000000000000 295147905179352830000
44b52d02c7e14af5 9.999999999999997e+22
44b52d02c7e14af6 1e+23
44b52d02c7e14af7 1.0000000000000001e+23
444b1ae4d6e2ef4e 999999999999999700000
444b1ae4d6e2ef4f 999999999999999900000
444b1ae4d6e2ef50 1e+21
3eb0c6f7a0b5ed8c 9.999999999999997e-7
3eb0c6f7a0b5ed8d 0.000001
41b3de4355555553 333333333.3333332
41b3de4355555554 333333333.33333325
41b3de4355555555 333333333.3333333
41b3de4355555556 333333333.3333334
41b3de4355555557 333333333.33333343
becbf647612f3696 -0.0000033333333333333333
43143ff3c1cb0959 1424953923781206.2`;

describe('the canonical form', () => {
  test('numbers are those of RFC 8785, appendix B', () => {
    for (const line of NUMBERS.trim().split('\n')) {
      const [octets, text] = line.split(' ');
      assert.equal(canonicalJson(Buffer.from(octets!, 'hex').readDoubleBE()), text, octets);
    }
    for (const none of [Number.NaN, Number.POSITIVE_INFINITY])
      assert.throws(() => canonicalJson(none), refused(/no form/));
  });

  test('the document of RFC 8785 §3.2.2 has the octets of §3.2.4', () => {
    const text = String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`;
    const octets =
      '7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b3333333333333333332e33333333' +
      '3333332c31652b33302c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282ac245c75303030665c6e412742' +
      '5c225c5c5c5c5c222f227d';
    assert.equal(Buffer.from(canonicalJson(read(text)), 'utf8').toString('hex'), octets);
  });

  test('members stand in the order of UTF-16 code units, as in RFC 8785 §3.2.3', () => {
    const text = String.raw`{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",
      "\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}`;
    const words = [...canonicalJson(read(text)).matchAll(/:"([^"]+)"/g)].map((match) => match[1]!.split(' ')[0]);
    assert.deepEqual(words, ['Carriage', 'One', 'Control', 'Latin', 'Euro', 'Emoji:', 'Hebrew']);
  });

  test('what is not JSON has none', () => {
    assert.throws(() => canonicalJson('\ud800'), refused(/lone surrogate/));
    assert.throws(() => canonicalJson({ '\udc00': 1 }), refused(/lone surrogate/));
    assert.throws(() => canonicalJson([undefined as never]), refused(/no form/));
    assert.throws(() => canonicalJson(nested(33)), refused(/32 levels/));
  });
});

describe('the strict reader', () => {
  const wrong: [string, RegExp, string][] = [
    ['a key that comes twice', /each key once/, '{"a":1,"b":2,"a":1}'],
    ['a key that comes twice, once escaped', /each key once/, '{"a":1,"\\u0061":1}'],
    ['a key that comes twice, deep inside', /each key once/, '[{"x":{"limits":1,"limits":2}}]'],
    ['a number beyond all numbers', /finite/, '[1e400]'],
    ['minus zero', /minus zero/, '-0'],
    ['what rounds to minus zero', /minus zero/, '-1e-400'],
    ['a lone surrogate, escaped', /lone surrogate/, '"\\ud83d"'],
    ['a lone surrogate as it is', /lone surrogate/, '"\ud83d"'],
    ['a lone surrogate in a key', /lone surrogate/, '{"\\udc00":1}'],
    ['a byte order mark', /a value expected/, '\ufeff{}'],
    ['a control character', /control character/, '"a\nb"'],
    ['an unknown escape', /wrong escape/, '"\\x41"'],
    ['a string without an end', /does not end/, '"abc'],
    ['a comma too many', /expected/, '[1,]'],
    ['a comma too many in an object', /a string expected/, '{"a":1,}'],
    ['a leading zero', /the end expected|comma/, '[01]'],
    ['a plus sign', /a value expected/, '+1'],
    ['NaN', /a value expected/, 'NaN'],
    ['a word that goes on', /the end expected/, 'nullx'],
    ['two documents', /the end expected/, '{}{}'],
    ['nothing', /a value expected, the end found/, ' '],
    ['33 levels', /32 levels/, `${'['.repeat(33)}${']'.repeat(33)}`],
    ['a hundred thousand levels', /32 levels/, '['.repeat(100_000)],
    ['more octets than allowed', /octets expected/, `"${'a'.repeat(JSON_OCTETS_MAX)}"`],
    ['more octets than allowed in fewer characters', /octets expected/, `"${'€'.repeat(JSON_OCTETS_MAX / 3)}"`],
  ];
  for (const [what, reason, text] of wrong)
    test(`refuses ${what}`, () => assert.throws(() => read(text), refused(reason)));

  test('takes what stands at the bounds', () => {
    assert.deepEqual(read(`${'['.repeat(32)}${']'.repeat(32)}`), nested(32));
    assert.equal((read(`"${'a'.repeat(JSON_OCTETS_MAX - 2)}"`) as string).length, JSON_OCTETS_MAX - 2);
  });

  test('a member named __proto__ is a member like any other', () => {
    const value = read('{"__proto__":{"id":"x"}}') as { id?: unknown };
    assert.equal(value.id, undefined);
    assert.equal(canonicalJson(value as JsonValue), '{"__proto__":{"id":"x"}}');
  });

  test('what it accepts the platform reads to the same value, and the form survives another reading', () => {
    const random = seededRandom(8785);
    for (let round = 0; round < 2000; round++) {
      const value = randomValue(random, 4);
      const text = JSON.stringify(value, null, random.below(3));
      assert.deepEqual(read(text), JSON.parse(text));
      const canonical = canonicalJson(read(text));
      assert.equal(canonicalJson(read(canonical)), canonical);
    }
  });

  test('damaged text is refused, or read to the value that the platform reads', () => {
    const random = seededRandom(7493);
    const characters = '{}[]",:\\0123456789eE+-.u \n\ttrufalsn\ud83d\ude00';
    let accepted = 0;
    for (let round = 0; round < 5000; round++) {
      const text = JSON.stringify(randomValue(random, 3));
      const at = random.below(text.length + 1);
      const damaged =
        text.slice(0, at) + characters[random.below(characters.length)] + text.slice(at + random.below(2));
      let value: JsonValue;
      try {
        value = read(damaged);
      } catch (error) {
        assert.ok(error instanceof GatewayError, damaged);
        continue;
      }
      accepted++;
      assert.deepEqual(value, JSON.parse(damaged), damaged);
    }
    assert.ok(accepted > 100, `${accepted} accepted`);
  });
});

function nested(depth: number): JsonValue {
  return depth === 1 ? [] : [nested(depth - 1)];
}

function randomValue(random: Random, depth: number): JsonValue {
  const text = () => ['', 'a', 'é€', '😀', '"\\', '\u0000\u001f', '1', 'id'][random.below(8)]!;
  const kind = random.below(depth > 0 ? 6 : 4);
  if (kind === 0) return [null, true, false][random.below(3)]!;
  if (kind === 1) return text();
  if (kind === 2) return random.below(2 ** 32) - 2 ** 31;
  if (kind === 3) return (random.next() + 1e-9) * 10 ** (random.below(600) - 300);
  const items = Array.from({ length: random.below(4) }, () => randomValue(random, depth - 1));
  return kind === 4 ? items : Object.fromEntries(items.map((item) => [text(), item]));
}
