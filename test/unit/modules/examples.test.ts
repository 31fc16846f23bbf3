/** The example modules, in whatever language: they import nothing, and refuse what is malformed without a trap. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRandom } from '../../../gateway/src/base/random.ts';
import { buildMissing, Gw1Module, loadModule } from './gw1-module.ts';

const EINVAL = -22;
const ENOTSUP = -95;

for (const id of ['anomaly', 'unit-convert', 'deadband']) {
  const skip = buildMissing(id);
  describe(id, { skip }, () => {
    if (!skip) describeExample(id);
  });
}

function describeExample(id: string): void {
  const { manifest, binary } = loadModule(id);
  const fields = manifest.config.length;
  const notSet = manifest.config.map(() => null);

  test('it imports nothing, starts nothing, and keeps to the limits of its manifest', () => {
    assert.deepEqual(WebAssembly.Module.imports(new WebAssembly.Module(binary)), []);
    const { memory, gw_in_ptr, gw_out_ptr, gw_out_cap } = new Gw1Module(binary).exports;
    assert.equal(memory.buffer.byteLength, manifest.limits.memoryPages * 65_536);
    assert.throws(() => memory.grow(1), RangeError);
    assert.deepEqual([gw_in_ptr() % 8, gw_out_ptr() % 8, gw_out_cap()], [0, 0, manifest.limits.outBytes]);
  });

  test('it refuses a configuration of the wrong size, shape, version or numbers, and works by its own defaults', () => {
    const module = new Gw1Module(binary);
    const { gw_init } = module.exports;
    assert.equal(module.batch([{ ts: 1, v: 1, id: 1 }]).error, EINVAL, 'before it is configured');
    const length = module.writeConfig(1, fields, notSet);
    for (const wrong of [length - 8, length + 8, 15, 0, -1, 2 ** 31 - 1]) assert.equal(gw_init(wrong), EINVAL);
    assert.equal(gw_init(module.writeConfig(129, fields, new Array(129 * fields).fill(null))), EINVAL);
    assert.equal(gw_init(module.writeConfig(1, fields + 1, [...notSet, null])), EINVAL);
    assert.equal(gw_init(module.writeConfig(1, fields, notSet.with(0, -1 as never))), EINVAL);
    new DataView(module.exports.memory.buffer).setUint32(module.exports.gw_in_ptr(), 2, true);
    assert.equal(gw_init(length), ENOTSUP);

    const rows = Array.from({ length: 400 }, (_, i) => ({ ts: i * 900, v: ((i * 7919) % 23) / 7, id: i % 3 }));
    const replies = [notSet, manifest.config.map((field) => field.default)].map((config) => {
      const own = new Gw1Module(binary);
      assert.equal(own.init([config]), 0);
      return own.batch(rows);
    });
    assert.ok(replies[0]!.rows.length > 0);
    assert.deepEqual(replies[0], replies[1]);
  });

  test('random octets never trap it, every wrong channel is found, and it works on', () => {
    const random = seededRandom(6);
    const module = new Gw1Module(binary);
    assert.equal(module.init([notSet, notSet, notSet]), 0);
    for (let round = 0; round < 3000; round++) {
      const rows = Array.from({ length: random.below(20) }, (_, i) => ({
        ts: round * 20 + i,
        v: random.below(9) === 0 ? (random.next() * 2 - 1) * 1.7e308 : random.next(),
        id: random.below(5),
        quality: random.below(256),
        channel: random.below(3),
      }));
      const reply = module.batch(rows);
      assert.equal(reply.error, 0);
      assert.ok(reply.rows.every((row) => Number.isFinite(row.v) && Number.isFinite(row.ts) && row.quality < 4));
      const length = module.writeBatch([...rows, { ts: 1, v: 1, id: 1, channel: 3 + random.below(253) }]);
      assert.equal(module.exports.gw_on_batch(length), EINVAL);
      const header = new Uint8Array(module.exports.memory.buffer, module.exports.gw_in_ptr(), 24);
      for (let i = 0; i < 16; i++) header[i] = random.below(256);
      assert.ok([EINVAL, ENOTSUP].includes(module.exports.gw_on_batch(length)));
    }
  });

  test('a full batch is answered whole', () => {
    const module = new Gw1Module(binary);
    assert.equal(module.init([notSet]), 0);
    const rows = Array.from({ length: 8192 }, (_, i) => ({ ts: i, v: (i * 7919) % 4096, id: i % 2 }));
    const reply = module.batch(rows);
    assert.equal(reply.error, 0);
    const points = reply.rows.filter((row) => row.state === 0).length;
    assert.equal(points, id === 'anomaly' ? 8192 - 2 * 17 : 8192);
  });
}
