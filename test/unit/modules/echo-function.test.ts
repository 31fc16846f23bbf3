/** echo-function: an event in, JSON out; and what it does with events that are none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../../gateway/src/base/random.ts';
import { Gw1Module, loadModule } from './gw1-module.ts';

const EINVAL = -22;
const ENOTSUP = -95;
const { manifest, binary } = loadModule('echo-function');

type Attributes = readonly (readonly [string, string])[];

function encodeEvent(attributes: Attributes, data: Uint8Array): Buffer {
  const pairs = attributes.map(([name, value]) => {
    const lengths = Buffer.alloc(4);
    lengths.writeUInt16LE(Buffer.byteLength(name), 0);
    lengths.writeUInt16LE(Buffer.byteLength(value), 2);
    return Buffer.concat([lengths, Buffer.from(name), Buffer.from(value)]);
  });
  const octets = Buffer.concat(pairs);
  const header = Buffer.alloc(16);
  [1, attributes.length, octets.length, data.length].forEach((word, i) => {
    header.writeUInt32LE(word, 4 * i);
  });
  return Buffer.concat([header, octets, Buffer.alloc(-(16 + octets.length) & 7), data]);
}

function decodeEvent(octets: Buffer): { attributes: Record<string, string>; data: Buffer } {
  assert.equal(octets.readUInt32LE(0), 1);
  const end = 16 + octets.readUInt32LE(8);
  const attributes: Record<string, string> = {};
  let at = 16;
  for (let left = octets.readUInt32LE(4); left > 0; left--) {
    const [names, values] = [octets.readUInt16LE(at), octets.readUInt16LE(at + 2)];
    attributes[octets.toString('utf8', at + 4, at + 4 + names)] = octets.toString(
      'utf8',
      at + 4 + names,
      at + 4 + names + values,
    );
    at += 4 + names + values;
  }
  assert.equal(at, end);
  const data = octets.subarray((end + 7) & ~7);
  assert.equal(data.length, octets.readUInt32LE(12));
  return { attributes, data };
}

function started(): Gw1Module {
  const module = new Gw1Module(binary);
  assert.equal(module.exports.gw_init(module.writeConfig(1, 0, [])), 0);
  return module;
}

/** Octets of the reply, or −errno. */
function call(module: Gw1Module, event: Buffer): Buffer | number {
  const { memory, gw_in_ptr, gw_on_event, gw_out_ptr } = module.exports;
  new Uint8Array(memory.buffer).set(event, gw_in_ptr());
  const length = gw_on_event(event.length);
  return length > 0 ? Buffer.from(memory.buffer.slice(gw_out_ptr(), gw_out_ptr() + length)) : length;
}

function reply(module: Gw1Module, attributes: Attributes, octets: number) {
  const answer = call(module, encodeEvent(attributes, new Uint8Array(octets)));
  assert.ok(typeof answer !== 'number', `${answer}`);
  return decodeEvent(answer);
}

test('it imports nothing, keeps to its manifest, and answers the attributes and the length of the data', () => {
  assert.deepEqual(WebAssembly.Module.imports(new WebAssembly.Module(binary)), []);
  const module = started();
  assert.equal(module.exports.memory.buffer.byteLength, manifest.limits.memoryPages * 65_536);
  assert.equal(module.exports.gw_out_cap(), manifest.limits.outBytes);
  const attributes = { id: '17', source: '/line/4', type: 'door "open"', subject: 'Tür\\\n\u0001 ☃', empty: '' };
  for (const octets of [0, 1, 7, 8, 65_536]) {
    const { attributes: said, data } = reply(module, Object.entries(attributes), octets);
    assert.deepEqual(said, { status: '200', datacontenttype: 'application/json' });
    assert.deepEqual(JSON.parse(data.toString()), { attributes, dataOctets: octets });
  }
});

test('an event without attributes gets an answer too', () => {
  assert.equal(reply(started(), [], 3).data.toString(), '{"attributes":{},"dataOctets":3}');
});

test('attributes that JSON makes longer than a reply may be are answered with 413', () => {
  const controls = '\u0001'.repeat(20_000);
  assert.deepEqual(
    reply(
      started(),
      [
        ['a', controls],
        ['b', controls],
        ['c', controls],
      ],
      0,
    ),
    {
      attributes: { status: '413' },
      data: Buffer.alloc(0),
    },
  );
});

test('what is no event is refused, octet by octet, and never traps', () => {
  const module = started();
  const event = encodeEvent(Object.entries({ id: '1', source: 'x' }), new Uint8Array(5));
  for (const [at, errno] of [
    [0, ENOTSUP],
    [4, EINVAL],
    [8, EINVAL],
    [12, EINVAL],
  ] as const) {
    const wrong = Buffer.from(event);
    wrong.writeUInt32LE(9, at);
    assert.equal(call(module, wrong), errno, `word at ${at}`);
  }
  for (const length of [0, 15, 16, event.length - 1, -1, 2 ** 31 - 1]) {
    assert.equal(module.exports.gw_on_event(length), EINVAL, `${length} octets`);
  }
  const random = seededRandom(9);
  for (let round = 0; round < 5000; round++) {
    const noise = Buffer.from(event);
    for (let changes = 1 + random.below(3); changes > 0; changes--) noise[random.below(48)] = random.below(256);
    const answer = call(module, noise);
    if (typeof answer === 'number') assert.ok(answer === EINVAL || answer === ENOTSUP);
    else decodeEvent(answer);
  }
});
