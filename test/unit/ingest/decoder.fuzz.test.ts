import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Random, seededRandom } from '../../../gateway/src/base/random.ts';
import { allocateDecodedRows } from '../../../gateway/src/core/ingest/decoded-rows.ts';
import { compileDecoder, type Decoder } from '../../../gateway/src/core/ingest/decoder.ts';
import type { DecoderSpec } from '../../../gateway/src/core/ingest/decoder-plan.ts';
import { oracleRows, rowText } from './decode-oracle.ts';

const NOW = 1_750_000_000_999;
const LIMITS = { readingsMax: 64, timeMinMs: 1e12, timeMaxMs: 2e12 };
const AUTO: DecoderSpec = {
  decoder: 'auto',
  array: '',
  value: 'value',
  time: 'time',
  timeFormat: 'auto',
  fields: [],
  deviceKey: '',
  pointKey: '',
  qualityKey: '',
};
const SPECS: readonly Partial<DecoderSpec>[] = [
  {},
  { deviceKey: 'dev', qualityKey: 'q' },
  { pointKey: 'name', deviceKey: 'meta.dev' },
  { decoder: 'json', value: 'payload.temp', time: 'meta.ts', qualityKey: 'payload.q' },
  { decoder: 'json', timeFormat: 's', value: 'v', time: 't' },
  { decoder: 'json', timeFormat: 'iso' },
  { decoder: 'json', timeFormat: 'ms', time: '' },
  { decoder: 'json', fields: ['temp', 'payload', 'payload.temp', 'v'], deviceKey: 'dev' },
  { fields: ['*'], qualityKey: 'q', deviceKey: 'dev' },
  { decoder: 'json', fields: ['*'], qualityKey: 'meta', time: 'meta.ts' },
  { array: 'payload.list', deviceKey: 'dev', pointKey: 'name' },
  { decoder: 'json', array: 'list', value: 'v', time: 'ts', deviceKey: 'dev' },
];
const KEYS = [
  'value',
  'v',
  'val',
  'time',
  'ts',
  't',
  'temp',
  'payload',
  'meta',
  'dev',
  'name',
  'q',
  'list',
  'é',
  'seq',
];
const TEXTS = [
  '"d1"',
  '"d2"',
  '"\\u00e9\\ud83d\\ude00"',
  '"good"',
  '"BAD"',
  '"odd"',
  '" 5.5 "',
  '"NaN"',
  '""',
  '"a\\"b"',
];

/** Writes random documents: `shape` decides on keys and structure, `numbers` on numbers, so that a shape can come again. */
class Writer {
  readonly shape: Random;
  readonly numbers: Random;
  readonly canRepeatKeys: boolean;

  constructor(shape: Random, numbers: Random) {
    this.shape = shape;
    this.numbers = numbers;
    this.canRepeatKeys = shape.below(4) === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.shape.below(list.length)]!;
  }

  space(): string {
    return this.shape.below(6) === 0 ? this.pick([' ', '\n', '\t ', '\r\n']) : '';
  }

  /** Whole numbers are written without point or exponent only: as such they may be names. */
  number(): string {
    const { numbers } = this;
    const n = numbers.next() * 100 - 20;
    const form = this.shape.below(6);
    if (form === 0) return String(numbers.below(1000));
    if (form === 1) return String(n);
    if (form === 2) return `${n.toFixed(2)}5e${numbers.below(7) - 4}`;
    // Not where keys repeat: a number beyond a double is a fault of a star at once, though a later key may replace it.
    return numbers.below(60) === 0 && !this.canRepeatKeys ? '1e999' : `${n.toFixed(1)}5`;
  }

  time(): string {
    const ms = 1_750_000_000_000 + this.numbers.below(1e9);
    const form = this.shape.below(12);
    if (form < 3) return String(ms);
    if (form < 5) return String(Math.floor(ms / 1000));
    if (form === 5) return (ms / 1000).toFixed(3);
    if (form === 6) return `${ms}250`;
    if (form === 7) return JSON.stringify(new Date(ms).toISOString());
    if (form === 8) return JSON.stringify(new Date(ms).toISOString().replace('Z', this.pick(['', '+02:00', '-05:30'])));
    if (form === 9) return `"${ms}"`;
    return form === 10 ? 'null' : this.pick(['5', '"noon"', 'true', '"2025-06-15"']);
  }

  value(depth: number): string {
    const form = this.shape.below(depth > 3 ? 14 : 18);
    if (form < 10) return this.number();
    if (form < 12) return this.pick(TEXTS);
    if (form < 14) return this.pick(['true', 'false', 'null']);
    return form < 17 ? this.object(depth + 1) : this.list(depth + 1);
  }

  key(key: string): string {
    const escaped =
      this.shape.below(20) === 0 ? `\\u${key.charCodeAt(0).toString(16).padStart(4, '0')}${key.slice(1)}` : key;
    return `${this.space()}"${escaped}"${this.space()}:${this.space()}`;
  }

  member(key: string, depth: number): string {
    const usual = this.shape.below(10) !== 0;
    if (usual && /^(time|ts|t)$/.test(key)) return this.time();
    if (usual && /^(dev|name)$/.test(key))
      return this.shape.below(8) === 0 ? String(this.numbers.below(9)) : this.pick(TEXTS.slice(0, 4));
    if (usual && key === 'q') return this.pick(TEXTS.slice(3, 6));
    if (usual && /^(payload|meta)$/.test(key) && depth < 4) return this.object(depth + 1);
    if (usual && key === 'list' && depth < 4) return this.list(depth + 1);
    return usual && /^(value|v|temp|seq)$/.test(key) ? this.number() : this.value(depth);
  }

  object(depth: number): string {
    const keys: string[] = [];
    for (let n = this.shape.below(6); n > 0; n--) {
      const key = this.pick(KEYS);
      // An array that a later one replaces may have been refused already: not written here.
      if (!keys.includes(key) || (this.canRepeatKeys && !/^(list|payload)$/.test(key))) keys.push(key);
    }
    const members = keys.map((key) => this.key(key) + this.member(key, depth) + this.space());
    return `{${members.join(',') || this.space()}}`;
  }

  list(depth: number): string {
    const items = Array.from(
      { length: this.shape.below(4) },
      () => this.space() + (this.shape.below(8) ? this.object(depth) : this.value(depth)),
    );
    return `[${items.join(`${this.space()},`)}]`;
  }

  /** An array of readings at `path`, with other members beside it. */
  around(path: string): string {
    return path.split('.').reduceRight((inside, key, depth) => {
      const beside = this.pick(['time', 'ts', 'dev', 'name', 'seq']);
      return `{${this.key(key)}${inside},${this.key(beside)}${this.member(beside, depth)}}`;
    }, this.list(2));
  }

  document(array: string): string {
    if (array !== '' && this.shape.below(2) === 0) return this.around(array);
    const form = this.shape.below(20);
    const text = form < 12 ? this.object(0) : form < 19 ? this.list(0) : this.value(0);
    return this.space() + text + this.space();
  }
}

const rows = allocateDecodedRows(64);

function decodedRows(decoder: Decoder, octets: Uint8Array): string[] | undefined {
  rows.length = 0;
  const count = decoder.decode(octets, 0, octets.length, NOW, LIMITS, rows);
  assert.equal(rows.length, Math.max(0, count));
  if (count < 0) return undefined;
  return Array.from({ length: count }, (_, i) => {
    const name = decoder.names[rows.name[i]!];
    return rowText(name?.device, name?.point, rows.timeMs[i]!, rows.value[i]!, rows.quality[i]!);
  }).sort();
}

const seed = Number(process.env.SEED ?? 20_250_616);
const DOCUMENTS = Number(process.env.DOCUMENTS ?? 1500);
for (const part of SPECS) {
  test(`${DOCUMENTS} random documents, each shape three times, give what JSON.parse and the rules give: ${JSON.stringify(part)}, seed ${seed}`, () => {
    const spec = { ...AUTO, ...part };
    const decoder = compileDecoder(spec);
    const random = seededRandom(seed);
    let accepted = 0;
    for (let i = 0; i < DOCUMENTS; i++) {
      const shapeSeed = random.below(2 ** 32);
      for (let again = 0; again < 3; again++) {
        const text = new Writer(seededRandom(shapeSeed), random).document(spec.array);
        const expected = oracleRows(spec, text, NOW, LIMITS);
        if (expected !== undefined) accepted++;
        assert.deepEqual(decodedRows(decoder, new TextEncoder().encode(text)), expected, text);
      }
    }
    assert.ok(accepted > DOCUMENTS / 30, `${accepted} accepted`);
  });
}

test(`random damage to documents never throws, and never passes what JSON.parse refuses, seed ${seed}`, () => {
  const random = seededRandom(seed);
  const decoders = SPECS.map((part) => compileDecoder({ ...AUTO, ...part }, 200));
  const reader = new TextDecoder();
  for (let i = 0; i < 20_000; i++) {
    const octets = new TextEncoder().encode(new Writer(random, random).document(''));
    for (let n = 1 + random.below(2); n > 0; n--) octets[random.below(octets.length)] = random.below(256);
    if (decodedRows(decoders[i % decoders.length]!, octets) === undefined) continue;
    assert.doesNotThrow(() => JSON.parse(reader.decode(octets)), reader.decode(octets));
  }
});
