/** Where the modules end: room for series and output, malformed input, and what the host relies on before it calls them. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { seededRandom } from '../../../gateway/src/base/random.ts';
import { Gw1Module, loadModule, type Row } from './gw1-module.ts';

const EAGAIN = -11;
const EINVAL = -22;
const ENOMEM = -12;
const ENOTSUP = -95;
const SERIES_MAX = 10_000;

const windows = loadModule('window-aggregate');
const alarms = loadModule('threshold-alarm');

for (const { manifest, binary } of [windows, alarms]) {
  const fields = manifest.config.length;
  const notSet = [manifest.config.map(() => null)];

  describe(manifest.id, () => {
    test('imports nothing, starts nothing, and keeps to the limits of its manifest', () => {
      const compiled = new WebAssembly.Module(binary);
      assert.deepEqual(WebAssembly.Module.imports(compiled), []);
      const module = new Gw1Module(binary);
      assert.equal(module.exports.memory.buffer.byteLength, manifest.limits.memoryPages * 65536);
      assert.equal(module.exports.memory.grow(0), manifest.limits.memoryPages);
      assert.throws(() => module.exports.memory.grow(1), RangeError);
      assert.equal(module.exports.gw_out_cap(), manifest.limits.outBytes);
      assert.equal(module.exports.gw_in_ptr() % 8, 0);
      assert.equal(module.exports.gw_out_ptr() % 8, 0);
      assert.equal(createHash('sha256').update(binary).digest('hex'), manifest.sha256);
    });

    test('refuses a batch before it is configured', () => {
      assert.equal(new Gw1Module(binary).batch([{ ts: 1, v: 1, id: 1 }]).error, EINVAL);
    });

    test('refuses a configuration of the wrong size, shape or version', () => {
      const module = new Gw1Module(binary);
      const { gw_init } = module.exports;
      assert.equal(gw_init(module.writeConfig(1, fields, notSet[0]!)), 0);
      assert.equal(gw_init(module.writeConfig(1, fields, notSet[0]!) - 8), EINVAL);
      assert.equal(gw_init(module.writeConfig(1, fields, notSet[0]!) + 8), EINVAL);
      assert.equal(gw_init(module.writeConfig(1, fields + 1, [...notSet[0]!, null])), EINVAL);
      assert.equal(gw_init(module.writeConfig(0, fields, [])), EINVAL);
      assert.equal(gw_init(module.writeConfig(129, fields, new Array(129 * fields).fill(null))), EINVAL);
      assert.equal(gw_init(module.writeConfig(128, fields, new Array(128 * fields).fill(null))), 0);
      assert.equal(gw_init(15), EINVAL);
      assert.equal(gw_init(-1), EINVAL);
      new DataView(module.exports.memory.buffer).setUint32(module.exports.gw_in_ptr(), 2, true);
      assert.equal(gw_init(16 + 8 * fields), ENOTSUP);
    });

    test('refuses a malformed batch and works on', () => {
      const module = new Gw1Module(binary);
      assert.equal(module.init(notSet), 0);
      const { gw_on_batch, gw_in_ptr, gw_in_cap } = module.exports;
      const length = module.writeBatch([{ ts: 1, v: 1, id: 1 }]);
      for (const wrong of [1, 23, 24, length - 8, length + 8, gw_in_cap(), gw_in_cap() + 8, -1, 2 ** 31 - 1]) {
        assert.equal(gw_on_batch(wrong), EINVAL, `${wrong} octets`);
      }
      const view = new DataView(module.exports.memory.buffer, gw_in_ptr());
      view.setUint32(8, 0x2000_0001, true); // 24 times this, cut to 32 bits, is 24: the length of one row
      assert.equal(gw_on_batch(length), EINVAL);
      view.setUint32(0, 7, true);
      assert.equal(gw_on_batch(length), ENOTSUP);
      assert.equal(module.batch([{ ts: 1, v: 1, id: 1 }]).error, 0);
    });

    test('every position of a channel beyond the inputs is found', () => {
      const module = new Gw1Module(binary);
      for (const inputs of [1, 3, 128]) {
        assert.equal(module.init(Array.from({ length: inputs }, () => notSet[0]!)), 0);
        for (let position = 0; position < 19; position++) {
          for (const channel of [inputs - 1, inputs, 128, 255]) {
            const rows = Array.from({ length: 19 }, (_, i) => ({
              ts: 1,
              v: 1,
              id: 1,
              channel: i === position ? channel : 0,
            }));
            assert.equal(module.batch(rows).error, channel < inputs ? 0 : EINVAL, `channel ${channel} at ${position}`);
          }
        }
      }
    });

    test('its own defaults are those of the manifest', () => {
      const random = seededRandom(11);
      const rows: Row[] = [];
      for (let i = 0; i < 5000; i++) rows.push({ ts: i * 20 + random.below(3000), v: random.next() * 100, id: i % 3 });
      const replies = [notSet, [manifest.config.map((field) => field.default)]].map((config) => {
        const module = new Gw1Module(binary);
        assert.equal(module.init(config), 0);
        module.tick(0);
        return [module.batch(rows), module.tick(11_999), module.tick(12_000)];
      });
      assert.deepEqual(replies[0], replies[1]);
    });

    test('random octets never trap it, and numbers at the edge give only finite output', () => {
      const random = seededRandom(5);
      const module = new Gw1Module(binary);
      const config = manifest.id === 'window-aggregate' ? [500, 100, 50, 0.3, 100] : [5, -5, 1, 10, 100, 100];
      assert.equal(module.init([config]), 0);
      const edges = [
        0,
        -0,
        5e-324,
        -5e-324,
        1e-300,
        1e308,
        -1e308,
        1.7976931348623157e308,
        2 ** 53,
        1,
        Number.NaN,
        Infinity,
        -Infinity,
      ];
      for (let round = 0; round < 200; round++) {
        const rows = Array.from({ length: random.below(300) }, () => ({
          ts: random.below(50) === 0 ? edges[random.below(edges.length)]! : round * 100 + random.below(300),
          v: random.below(3) === 0 ? random.next() : edges[random.below(edges.length)]!,
          id: random.below(4),
          quality: random.below(256),
        }));
        for (const reply of [module.batch(rows), module.tick(round * 70)]) {
          assert.equal(reply.error, 0);
          for (const row of reply.rows)
            assert.ok(Number.isFinite(row.v) && Number.isFinite(row.ts), JSON.stringify(row));
        }
        const noise = new Uint8Array(module.exports.memory.buffer, module.exports.gw_in_ptr(), 48);
        for (let i = 0; i < noise.length; i++) noise[i] = random.below(256);
        assert.ok([EINVAL, ENOTSUP].includes(module.exports.gw_on_batch(48)));
      }
    });

    test('past its series it handles rows of known ones, then says ENOMEM', () => {
      const module = new Gw1Module(binary);
      const config =
        manifest.id === 'window-aggregate' ? [null, 0, null, null, null] : [10, null, null, null, null, null];
      assert.equal(module.init([config]), 0);
      for (let from = 0; from < SERIES_MAX; from += 5000) {
        assert.equal(module.batch(series(from, 5000, { ts: 1000, v: 1 })).error, 0);
      }
      const reply = module.batch([
        { ts: 1000, v: 1, id: SERIES_MAX },
        { ts: 12_000, v: 11, id: 17 },
        { ts: 1000, v: 1, id: 0xffff_ffff },
        { ts: 12_000, v: 11, id: SERIES_MAX - 1 },
      ]);
      assert.equal(reply.error, ENOMEM);
      assert.deepEqual([...new Set(reply.rows.map((row) => row.id))], [17, SERIES_MAX - 1]);
      assert.equal(module.batch([{ ts: 1000, v: 1, id: SERIES_MAX }]).error, ENOMEM);
      assert.equal(module.batch([{ ts: 12_000, v: 1, id: 17 }]).error, 0);
    });
  });
}

describe('more output than the buffer holds', () => {
  test('a batch that closes 5,000 windows says all of them, page by page', () => {
    const module = new Gw1Module(windows.binary);
    module.init([[null, null, null, null, null]]);
    module.batch(series(0, 5000, { ts: 1000, v: 1 }));
    const reply = module.batch(series(0, 5000, { ts: 12_000, v: 2 }));
    assert.equal(reply.pages, 4);
    assert.deepEqual(counts(reply.rows), new Map(ids(5000).map((id) => [id, 7])));
    assert.equal(module.batch(series(0, 5000, { ts: 22_000, v: 2 })).rows.length, 5000 * 7);
  });

  test('a tick that closes 10,000 windows says all of them, once', () => {
    const module = new Gw1Module(windows.binary);
    module.init([[null, null, null, null, null]]);
    module.tick(0);
    for (const from of [0, 5000]) module.batch(series(from, 5000, { ts: 1000, v: 1 }));
    const reply = module.tick(12_000);
    assert.equal(reply.pages, 7);
    assert.deepEqual(counts(reply.rows), new Map(ids(10_000).map((id) => [id, 7])));
    assert.deepEqual(module.tick(30_000), { rows: [], error: 0, pages: 0 });
  });

  test('windows of many panes are spread over pages, so that no call is long', () => {
    const module = new Gw1Module(windows.binary);
    assert.equal(module.init([[513_000, 1000, 0, null, null]]), EINVAL, 'more panes than a series may keep');
    assert.equal(module.init([[512_000, 1000, 0, null, 1000]]), 0);
    module.tick(0);
    module.batch(series(0, 2, { ts: 600_500, v: 1 }));
    const reply = module.tick(1000);
    assert.ok(reply.pages > 16 && reply.pages <= 33, `${reply.pages} pages`);
    assert.deepEqual(counts(reply.rows), new Map(ids(2).map((id) => [id, 512 * 7])));
  });

  test('pages left behind are dropped by the next batch, and what follows is right', () => {
    const module = new Gw1Module(windows.binary);
    module.init([[1000, null, 0, null, null]]);
    module.batch(series(0, 5000, { ts: 500, v: 1 }));
    assert.ok(module.exports.gw_on_batch(module.writeBatch(series(0, 5000, { ts: 1500, v: 2 }))) > 0);
    const length = module.writeBatch([{ ts: 2000, v: 3, id: 4999 }]);
    assert.equal(module.exports.gw_on_batch(length), 24 + 24 * 7, 'the window that the dropped rows had not reached');
  });

  test('in the middle of an answer a module keeps no state; after it, it does', () => {
    const module = new Gw1Module(windows.binary);
    module.init([[null, null, null, null, null]]);
    module.batch(series(0, 5000, { ts: 1000, v: 1 }));
    const { gw_on_batch, gw_snapshot } = module.exports;
    let length = gw_on_batch(module.writeBatch(series(0, 5000, { ts: 12_000, v: 2 })));
    assert.equal(gw_snapshot(0), EAGAIN);
    while ((new DataView(module.exports.memory.buffer).getUint32(module.exports.gw_out_ptr() + 4, true) & 1) !== 0) {
      length = gw_on_batch(0);
    }
    assert.ok(length > 0 && gw_snapshot(0) > 0);
    assert.equal(gw_snapshot(2), EINVAL, 'a page out of turn');
  });

  test('alarms of every series at once go out page by page', () => {
    const module = new Gw1Module(alarms.binary);
    module.init([[10, null, 0, 1, null, 1000]]);
    module.tick(0);
    for (const from of [0, 5000]) module.batch(series(from, 5000, { ts: 0, v: 0 }));
    const raised = module.batch(series(0, 8000, { ts: 1000, v: 11 }));
    assert.equal(raised.rows.length, 16_000);
    assert.equal(raised.pages, 2);
    const missing = module.tick(1000);
    assert.equal(missing.rows.length, 10_000);
  });
});

function series(from: number, count: number, row: { ts: number; v: number }): Row[] {
  return Array.from({ length: count }, (_, i) => ({ ...row, id: from + i }));
}

function ids(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function counts(rows: readonly Row[]): Map<number, number> {
  const found = new Map<number, number>();
  for (const row of rows) found.set(row.id, (found.get(row.id) ?? 0) + 1);
  return found;
}
