import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../../gateway/src/base/random.ts';
import { parseNumber } from '../../../gateway/src/core/ingest/number-parse.ts';

const encoder = new TextEncoder();
const out = new Float64Array(1);

function assertSame(text: string): void {
  const octets = encoder.encode(`${text},`);
  assert.equal(parseNumber(octets, 0, octets.length, out, 0), text.length, text);
  if (!Object.is(out[0], Number(text))) assert.fail(`${text}: ${Number(text)} expected, ${out[0]} found`);
}

test('numbers of every form are what Number makes of them', () => {
  for (const text of [
    ...[
      '0',
      '-0',
      '7',
      '-12',
      '0.5',
      '0.000',
      '-0.0',
      '1e5',
      '1E+5',
      '1e-5',
      '0e999999999999',
      '21.53',
      '1750000000000',
    ],
    ...['9007199254740991', '9007199254740992', '9007199254740993', '9007199254740993.0', '4503599627370497.5'],
    ...['123456789012345678', '1234567890123456789', '12345678901234567890123', '0.1', '0.30000000000000004'],
    ...['1e22', '1e23', '123456789e22', '5e-324', '2.4703282292062327e-324', '2.4703282292062328e-324', '1e-400'],
    ...[
      '1.7976931348623157e308',
      '1.7976931348623159e308',
      '1e309',
      '-1e999',
      '0.000000000000000000000001234567890123456',
    ],
    ...['179769313486231580793728971405301', `1${'0'.repeat(300)}`, `0.${'0'.repeat(300)}1`, `1.${'3'.repeat(100)}e-7`],
  ]) {
    assertSame(text);
  }
});

test('what is no number of the JSON grammar is refused', () => {
  for (const text of [
    '',
    '-',
    '+1',
    '.5',
    '01',
    '-01',
    '1.',
    '1.e5',
    '1e',
    '1e+',
    'e5',
    '--1',
    'NaN',
    'Infinity',
    ' 1',
  ]) {
    const octets = encoder.encode(text);
    assert.equal(parseNumber(octets, 0, octets.length, out, 0), -1, text);
  }
});

test('reading stops where the number does, and at the end of the message', () => {
  const octets = encoder.encode('0x10 12345');
  assert.equal(parseNumber(octets, 0, octets.length, out, 0), 1);
  assert.equal(parseNumber(octets, 5, 8, out, 0), 8);
  assert.equal(out[0], 123);
});

const seed = Number(process.env.SEED ?? 20_250_615);
test(`200,000 random doubles printed in several ways come back bit for bit, seed ${seed}`, () => {
  const random = seededRandom(seed);
  const double = new Float64Array(1);
  const halves = new Uint32Array(double.buffer);
  const prints: ((x: number) => string)[] = [
    String,
    (x) => x.toPrecision(1 + random.below(21)),
    (x) => x.toExponential(random.below(21)),
    (x) => (Math.abs(x) < 1e21 ? x.toFixed(random.below(20)) : String(x)),
    (x) => (x * 1).toPrecision(17).replace('e', 'E'),
  ];
  for (let i = 0; i < 200_000; i++) {
    if (i % 2 === 0) {
      halves[0] = random.below(2 ** 32);
      halves[1] = random.below(2 ** 32);
    } else double[0] = (random.next() - 0.5) * 10 ** random.below(16);
    if (!Number.isFinite(double[0])) continue;
    assertSame(prints[i % prints.length]!(double[0]!));
  }
});

test(`20,000 decimals beside the middle between two doubles are rounded right, seed ${seed}`, () => {
  const random = seededRandom(seed);
  for (let i = 0; i < 20_000; i++) {
    const whole = 2 ** 52 + random.below(2 ** 32) * 2 ** 20;
    assertSame(`${whole}.5`);
    // The middle of two doubles near 2^46, cut to 18 digits: as near to a tie as 18 digits come.
    const middle = (BigInt(whole) * 2n + 1n) * 10n ** 12n;
    const digits = (middle >> 47n).toString();
    assertSame(`${digits.slice(0, -12)}.${digits.slice(-12)}`);
    assertSame((BigInt(whole) * 2n + BigInt(random.below(4))).toString());
  }
});
