import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayError } from '../../../gateway/src/base/errors.ts';
import { decodeFaultName } from '../../../gateway/src/core/ingest/decode-faults.ts';
import { allocateDecodedRows } from '../../../gateway/src/core/ingest/decoded-rows.ts';
import { compileDecoder, type Decoder } from '../../../gateway/src/core/ingest/decoder.ts';
import type { DecoderSpec } from '../../../gateway/src/core/ingest/decoder-plan.ts';
import { unpackQuality } from '../../../gateway/src/core/model/quality.ts';

const NOW = 1_750_000_000_999;
const T = 1_750_000_000_000;
const LIMITS = { readingsMax: 8, timeMinMs: 1e12, timeMaxMs: 2e12 };
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
const rows = allocateDecodedRows(16);

/** One row as text, `device/point value @time quality`, with what is usual left out; or the name of the fault. */
function decodeBy(decoder: Decoder, message: string | Uint8Array): string[] | string {
  const octets = typeof message === 'string' ? new TextEncoder().encode(message) : message;
  rows.length = 2;
  const count = decoder.decode(octets, 0, octets.length, NOW, LIMITS, rows);
  assert.equal(rows.length, 2 + Math.max(0, count), 'all of a message or nothing');
  if (count < 0) return decodeFaultName(count);
  return Array.from({ length: count }, (_, i) => {
    const row = 2 + i;
    const name = decoder.names[rows.name[row]!];
    const quality = unpackQuality(rows.quality[row]!);
    const time = rows.timeMs[row]! - T;
    assert.equal(quality.timeFromGateway, time === NOW - T);
    const named = name === undefined ? '' : `${name.device ?? ''}/${name.point ?? ''} `;
    const at = quality.timeFromGateway ? '' : ` @${time}`;
    const grade = quality.grade === 'good' ? '' : ` ${quality.grade}`;
    return `${named}${rows.value[row]}${at}${grade}${quality.reason === 'none' ? '' : ` ${quality.reason}`}`;
  });
}
const decode = (spec: Partial<DecoderSpec>, message: string | Uint8Array) =>
  decodeBy(compileDecoder({ ...AUTO, ...spec }), message);

test('a plain number is one reading at the gateway time, with white space around it', () => {
  assert.deepEqual(decode({ decoder: 'number' }, '21.5'), ['21.5']);
  assert.deepEqual(decode({ decoder: 'number' }, ' -3e2\r\n'), ['-300']);
  for (const [message, fault] of [
    ['', 'empty'],
    [' \n', 'empty'],
    ['21,5', 'not_a_number'],
    ['+5', 'not_a_number'],
    ['0x10', 'not_a_number'],
    ['21.5 C', 'not_a_number'],
    ['NaN', 'nan'],
    ['-inf\n', 'nan'],
    ['1e999', 'nan'],
  ] as const) {
    assert.equal(decode({ decoder: 'number' }, message), fault, message);
  }
});

test('auto takes an object, a bare value, and arrays of both', () => {
  assert.deepEqual(decode({}, `{"value":21.53,"time":${T}}`), ['21.53 @0']);
  assert.deepEqual(decode({}, ' 21.5\n'), ['21.5']);
  assert.deepEqual(decode({}, '"21.5"'), ['21.5']);
  assert.deepEqual(decode({}, 'true'), ['1']);
  assert.deepEqual(decode({}, `[{"value":1,"time":${T}},2,{"v":3,"ts":${T + 5}}]`), ['1 @0', '2', '3 @5']);
  assert.deepEqual(decode({}, '[]'), []);
  assert.deepEqual(decode({}, '\ufeff{"value":1}'), ['1']);
});

test('auto knows other names of value and time, the first of the list winning', () => {
  assert.deepEqual(decode({}, `{"t":${T},"val":1}`), ['1 @0']);
  assert.deepEqual(decode({}, `{"reading":1,"timestamp":${T}}`), ['1 @0']);
  assert.deepEqual(decode({}, `{"v":2,"ts":${T},"value":1,"time":${T + 1}}`), ['1 @1']);
  assert.deepEqual(decode({}, `{"v":2,"ts":${T},"time":null}`), ['2 @0']);
  assert.equal(decode({ decoder: 'json' }, '{"v":2}'), 'missing_value');
  assert.equal(decode({ value: 'temp' }, '{"v":2}'), 'missing_value');
});

test('an object without a value gives its numeric members, the time left out', () => {
  assert.deepEqual(decode({}, `{"temp":21.5,"time":${T},"name":"x","on":true,"err":null,"fw":"1.2"}`), [
    '/temp 21.5 @0',
    '/on 1 @0',
  ]);
  assert.deepEqual(decode({}, '[{"a":1},{"b":2}]'), ['/a 1', '/b 2']);
  assert.equal(decode({}, '{"status":"ok"}'), 'missing_value');
});

test('booleans, quoted numbers and null are values', () => {
  assert.deepEqual(decode({}, '[{"value":true},{"value":false},{"value":" -2.5e1 "}]'), ['1', '0', '-25']);
  assert.deepEqual(decode({}, `{"value":null,"time":${T}}`), ['NaN @0 bad sensor_fault']);
  assert.deepEqual(decode({}, '{"value":"\\u0031\\u0030"}'), ['10']);
});

test('what a value cannot be is a fault, and a later one of the same key wins', () => {
  for (const [message, fault] of [
    ['{"value":"on"}', 'not_a_number'],
    ['{"value":""}', 'not_a_number'],
    ['{"value":"NaN"}', 'nan'],
    ['{"value":"-Infinity"}', 'nan'],
    ['{"value":NaN}', 'nan'],
    ['{"value":-Infinity}', 'nan'],
    ['{"value":1e999}', 'nan'],
    ['{"value":[1]}', 'wrong_type'],
    ['{"value":{}}', 'wrong_type'],
    ['{}', 'missing_value'],
    ['[[1]]', 'wrong_type'],
    ['{"value":1}x', 'malformed_json'],
    ['{"value":1', 'malformed_json'],
    ['ON', 'malformed_json'],
    ['  ', 'empty'],
    [`{"value":1,"x":${'['.repeat(40)}${']'.repeat(40)}}`, 'too_deep'],
    ['[1,2,3,4,5,6,7,8,9]', 'too_many_readings'],
    ['[{"value":1},{"value":2},{"value":"x"}]', 'not_a_number'],
  ] as const) {
    assert.equal(decode({}, message), fault, message);
  }
  assert.deepEqual(decode({}, '{"value":"on","value":[],"value":2}'), ['2']);
  assert.equal(decode({ decoder: 'json' }, '21.5'), 'wrong_type');
});

test('times are read by their size or as the route says, and as text', () => {
  for (const time of [
    '1750000000',
    '1750000000000',
    '1750000000000000',
    '1750000000000000000',
    '"1750000000"',
    '1.75e9',
  ]) {
    assert.deepEqual(decode({}, `{"value":1,"time":${time}}`), ['1 @0'], time);
  }
  assert.deepEqual(decode({}, '{"value":1,"time":1750000000.25}'), ['1 @250']);
  assert.deepEqual(decode({}, '{"value":1,"time":1750000000000250}'), ['1 @0.25']);
  assert.deepEqual(decode({}, '{"value":1,"time":"2025-06-15T17:06:40.5+02:00"}'), ['1 @500']);
  assert.deepEqual(decode({ timeFormat: 's' }, '{"value":1,"time":1750000000.1}'), ['1 @100']);
  assert.deepEqual(decode({ timeFormat: 'ms' }, '{"value":1,"time":"1750000000000"}'), ['1 @0']);
  assert.deepEqual(decode({ timeFormat: 'iso' }, '{"value":1,"time":"2025-06-15T15:06:40"}'), ['1 @0']);
  assert.deepEqual(decode({}, '{"value":1,"time":null}'), ['1']);
});

test('a time that cannot be read or cannot be is a fault', () => {
  for (const [format, time, fault] of [
    ['auto', '"noon"', 'bad_time'],
    ['auto', 'true', 'bad_time'],
    ['auto', '{}', 'bad_time'],
    ['auto', '1e999', 'bad_time'],
    ['iso', '1750000000', 'bad_time'],
    ['iso', '"1750000000"', 'bad_time'],
    ['s', '"2025-06-15"', 'bad_time'],
    ['auto', '0', 'absurd_time'],
    ['auto', '-1750000000', 'absurd_time'],
    ['s', '1750000000000', 'absurd_time'],
    ['auto', '"1970-01-01"', 'absurd_time'],
  ] as const) {
    assert.equal(decode({ timeFormat: format }, `{"value":1,"time":${time}}`), fault, `${format} ${time}`);
  }
});

test('paths lead into nested objects, and a repeated key takes back what was below it', () => {
  const spec = { decoder: 'json', value: 'payload.temp.value', time: 'meta.ts' } as const;
  assert.deepEqual(decode(spec, `{"meta":{"ts":${T}},"payload":{"temp":{"unit":"C","value":3}}}`), ['3 @0']);
  assert.deepEqual(decode(spec, `{"p\\u0061yload":{"temp":{"v\\u0061lue":3}}}`), ['3']);
  assert.equal(decode(spec, '{"payload":{"temp":{"value":3}},"payload":{"temp":{}}}'), 'missing_value');
  assert.equal(decode(spec, '{"payload":{"temp":{"value":3}},"payload":5}'), 'missing_value');
  assert.equal(decode(spec, '{"payload.temp.value":3}'), 'missing_value');
});

test('fields are points of their own, named by their paths', () => {
  const spec = { decoder: 'json', fields: ['temp', 'gps.lat'] } as const;
  assert.deepEqual(decode(spec, `{"gps":{"lat":2,"lon":9},"time":${T},"temp":1,"x":5}`), [
    '/temp 1 @0',
    '/gps.lat 2 @0',
  ]);
  assert.deepEqual(decode(spec, '{"temp":null}'), ['/temp NaN bad sensor_fault']);
  assert.equal(decode(spec, '{"x":1}'), 'missing_value');
  assert.equal(decode(spec, '{"temp":1,"gps":{"lat":[]}}'), 'wrong_type');
});

test('a star takes every numeric member at any depth, the last of a key', () => {
  const spec = { decoder: 'json', fields: ['*'], deviceKey: 'dev', qualityKey: 'q' } as const;
  assert.deepEqual(decode(spec, `{"a":1,"gps":{"lat":2,"lon":3},"list":[4],"s":"5","q":"bad","dev":"d","time":${T}}`), [
    'd/a 1 @0 bad',
    'd/gps.lat 2 @0 bad',
    'd/gps.lon 3 @0 bad',
  ]);
  assert.deepEqual(decode(spec, '{"a":1,"a":2,"b":3,"b":"x"}'), ['/a 2']);
  assert.deepEqual(decode(spec, '{"a":{"x":1,"y":2},"b":3,"a":{"y":4}}'), ['/b 3', '/a.y 4']);
  assert.deepEqual(decode(spec, '{"a":{"x":1},"a":5}'), ['/a 5']);
  assert.deepEqual(decode(spec, '{"a":5,"a":{"x":1}}'), ['/a.x 1']);
  assert.deepEqual(decode(spec, '{"t\\u0065mp":1}'), ['/temp 1']);
  assert.equal(decode(spec, '{"":1}'), 'no_name');
  assert.equal(decode(spec, `{"${'n'.repeat(300)}":1}`), 'name_too_long');
  assert.deepEqual(decode(spec, `{"${'n'.repeat(300)}":"text","a":1}`), ['/a 1']);
});

test('an array at a path takes what it does not say from around it', () => {
  const spec = { decoder: 'json', array: 'data.list', deviceKey: 'dev', pointKey: 'name' } as const;
  assert.deepEqual(
    decode(
      spec,
      `{"data":{"list":[{"value":1,"name":"a"},{"value":2,"time":${T + 7},"dev":"x"}]},"time":${T},"dev":"d"}`,
    ),
    ['d/a 1 @0', 'x/ 2 @7'],
  );
  assert.deepEqual(decode(spec, '{"data":{"list":{"value":1}}}'), ['1']);
  assert.deepEqual(decode(spec, '{"data":{"list":[{"value":1}],"list":[{"value":2}]}}'), ['2']);
  assert.deepEqual(decode({ array: 'd' }, `{"d":[1,2],"ts":${T}}`), ['1 @0', '2 @0']);
  assert.equal(decode(spec, '{"data":{}}'), 'missing_value');
  assert.equal(decode(spec, '{"data":{"list":5}}'), 'wrong_type');
  assert.equal(decode(spec, '{"data":{"list":[1]}}'), 'wrong_type');
  assert.equal(decode(spec, '[{"value":1}]'), 'wrong_type');
  assert.equal(decode(spec, '{"data":{"list":[{"value":1}]},"data":1}'), 'missing_value');
});

test('names of devices and points come from the reading, interned once', () => {
  const decoder = compileDecoder({ ...AUTO, deviceKey: 'dev', pointKey: 'p' });
  assert.deepEqual(
    decodeBy(decoder, '[{"dev":"d1","p":"t","value":1},{"dev":"d2","p":"t","value":2},{"p":"t","value":3}]'),
    ['d1/t 1', 'd2/t 2', '/t 3'],
  );
  assert.deepEqual(decodeBy(decoder, '[{"dev":"d1","p":"t","value":4},{"dev":17,"value":5}]'), ['d1/t 4', '17/ 5']);
  assert.equal(decoder.names.length, 4);
  assert.deepEqual(decodeBy(decoder, '{"dev":"\\u00fc\\ud83d\\ude00","value":1}'), ['ü😀/ 1']);
  const broken = Uint8Array.from([...new TextEncoder().encode('{"value":1,"dev":"a'), 0xff, 0xc3, 0x22, 0x7d]);
  assert.deepEqual(decodeBy(decoder, broken), ['a\ufffd\ufffd/ 1']);
  assert.equal(decodeBy(decoder, '{"dev":"","value":1}'), 'no_name');
  assert.equal(decodeBy(decoder, '{"dev":true,"value":1}'), 'wrong_type');
  assert.equal(decodeBy(decoder, '{"dev":1.5,"value":1}'), 'wrong_type');
  assert.equal(decodeBy(decoder, `{"dev":"${'x'.repeat(257)}","value":1}`), 'name_too_long');
});

test('names beyond the bound are a fault, and known ones still pass', () => {
  const decoder = compileDecoder({ ...AUTO, deviceKey: 'dev' }, 2);
  assert.deepEqual(decodeBy(decoder, '{"dev":"a","value":1}'), ['a/ 1']);
  assert.deepEqual(decodeBy(decoder, '{"dev":"b","value":1}'), ['b/ 1']);
  assert.equal(decodeBy(decoder, '[{"dev":"a","value":1},{"dev":"c","value":1}]'), 'name_limit');
  assert.deepEqual(decodeBy(decoder, '{"dev":"a","value":2}'), ['a/ 2']);
  assert.equal(decoder.names.length, 2);
});

test('a quality text grades the reading; unknown texts are uncertain', () => {
  const spec = { qualityKey: 'q' };
  assert.deepEqual(
    decode(
      spec,
      '[{"value":1,"q":"good"},{"value":1,"q":"Bad"},{"value":1,"q":"???"},{"value":1,"q":192},{"q":null,"v":1}]',
    ),
    ['1', '1 bad', '1 uncertain', '1 uncertain', '1'],
  );
  assert.deepEqual(decode(spec, '{"value":null,"q":"good"}'), ['NaN bad sensor_fault']);
});

test('readings that repeat their shape are read alike, until something in them changes', () => {
  const decoder = compileDecoder({ ...AUTO, deviceKey: 'dev', qualityKey: 'q' });
  const message = (value: string, time: number, rest = ',"seq":7,"dev":"d","q":"bad"') =>
    `{"value": ${value},"time":${time}${rest}}`;
  for (let i = 0; i < 3; i++) assert.deepEqual(decodeBy(decoder, message(`${i}.5`, T + i)), [`d/ ${i}.5 @${i} bad`]);
  assert.equal(decodeBy(decoder, message('1e999', T)), 'nan');
  assert.equal(decodeBy(decoder, message('01', T)), 'malformed_json');
  assert.equal(decodeBy(decoder, message('1', 5)), 'absurd_time');
  assert.deepEqual(decodeBy(decoder, message('"4"', T)), ['d/ 4 @0 bad']);
  assert.deepEqual(decodeBy(decoder, message('null', T)), ['d/ NaN @0 bad sensor_fault']);
  assert.deepEqual(decodeBy(decoder, message('1', T, ',"seq":8,"dev":"e"')), ['e/ 1 @0']);
  assert.deepEqual(decodeBy(decoder, message('1', T, ',"seq":8,"dev":17')), ['17/ 1 @0']);
  assert.deepEqual(decodeBy(decoder, message('1', T, ',"seq":8,"dev":18')), ['18/ 1 @0']);
  assert.deepEqual(decodeBy(decoder, '{"value":"1","v":1}'), ['1']);
  assert.deepEqual(decodeBy(decoder, '{"value":"1","v":2}'), ['1']);
  assert.deepEqual(decodeBy(decoder, '{"value":1,"value":"3"}'), ['3']);
  assert.deepEqual(decodeBy(decoder, '{"value":2,"value":"3"}'), ['3']);
});

test('a part of a buffer is decoded, and nothing beyond its end', () => {
  const octets = new TextEncoder().encode('9{"value":1}9');
  rows.length = 0;
  const decoder = compileDecoder(AUTO);
  assert.equal(decoder.decode(octets, 1, 12, NOW, LIMITS, rows), 1);
  assert.equal(decoder.decode(octets, 1, 12, NOW, LIMITS, rows), 1);
  for (let end = 1; end < 12; end++) assert.ok(decoder.decode(octets, 1, end, NOW, LIMITS, rows) < 0);
  assert.equal(rows.length, 2);
});

test('routes whose paths contradict each other are refused', () => {
  for (const spec of [
    { value: 'a', time: 'a' },
    { fields: ['a', 'a'] },
    { fields: ['*', 'a'] },
    { fields: ['a'], pointKey: 'p' },
    { fields: ['a..b'] },
    { decoder: 'json', value: '' },
    { fields: Array.from({ length: 1001 }, (_, i) => `f${i}`) },
    { fields: [Array(100).fill('abc').join('.')] },
  ] as const) {
    assert.throws(
      () => compileDecoder({ ...AUTO, ...spec }),
      (error) => error instanceof GatewayError && error.code === 'invalid',
      JSON.stringify(spec).slice(0, 80),
    );
  }
});
