/** What a module asks of its host: within its rates it is done; beyond them what it carries is not even read, and is counted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostImports } from '../../../gateway/src/adapters/wasm/host-imports.ts';
import { ERRNO } from '../../../gateway/src/core/modules/errno.ts';
import { HostDesk } from '../../../gateway/src/core/modules/host-desk.ts';
import type { ModuleManifest } from '../../../gateway/src/core/modules/manifest.ts';
import type { HostCalls } from '../../../gateway/src/core/modules/ports.ts';

const PAGE = 65_536;
const NAME_AT = 16;
const NAME = 'queue_depth';
const limits = { logBytesPerSec: 200, metricsPerSec: 2, emitsPerSec: 1 };
const manifest = { id: 'm', capabilities: ['log', 'now', 'metric', 'emit'], limits } as unknown as ModuleManifest;

/** The imports of a module whose memory holds the name and nothing else. */
function callsOn(calls: HostCalls): Record<string, (...args: number[]) => unknown> {
  const memory = new WebAssembly.Memory({ initial: 1 });
  new TextEncoder().encodeInto(NAME, new Uint8Array(memory.buffer).subarray(NAME_AT));
  return hostImports(manifest, calls, () => memory);
}

function deskOf() {
  const clock = { ms: 0 };
  const said: string[] = [];
  const desk = new HostDesk(manifest, {
    log: (level, text) => said.push(`${level} ${text}`),
    emit: (type, data) => said.push(`${type} ${data.length}`),
    epochMs: () => clock.ms,
    nowMs: () => clock.ms,
  });
  return { desk, clock, said, calls: callsOn(desk) };
}

test('metrics beyond their rate leave the gauge as it is, and are counted; a second later they count again', () => {
  const { desk, clock, calls } = deskOf();
  for (const value of [1, 2, 3, 4]) calls.metric!(NAME_AT, NAME.length, value);
  assert.equal(desk.gauges.get(NAME), 2);
  assert.equal(desk.dropped.metrics, 2);
  clock.ms += 1000;
  calls.metric!(NAME_AT, NAME.length, 5);
  assert.equal(desk.gauges.get(NAME), 5);
});

test('lines beyond their rate are dropped, an empty one costs something too', () => {
  const { desk, said, calls } = deskOf();
  calls.log!(1, NAME_AT, NAME.length);
  for (let n = 0; n < 5; n++) calls.log!(0, NAME_AT, 0);
  assert.deepEqual(said, [`warn ${NAME}`, 'info ', 'info ']);
  assert.equal(desk.dropped.logLines, 3);
});

test('an event beyond its rate is answered with EAGAIN', () => {
  const { desk, said, calls } = deskOf();
  assert.equal(calls.emit!(NAME_AT, NAME.length, 0, 100), 0);
  assert.equal(calls.emit!(NAME_AT, NAME.length, 0, 100), ERRNO.EAGAIN);
  assert.deepEqual(said, [`${NAME} 100`]);
  assert.equal(desk.dropped.emits, 1);
});

test('what is over the rate is not read, but its pointers are checked all the same', () => {
  const asked: string[] = [];
  const never = () => assert.fail('was read');
  const full = { log: never, now: never, metric: never, emit: never, takes: (call: string) => asked.push(call) < 0 };
  const calls = callsOn(full);
  calls.log!(0, NAME_AT, NAME.length);
  calls.metric!(NAME_AT, NAME.length, 1);
  assert.equal(calls.emit!(NAME_AT, NAME.length, 0, 4), ERRNO.EAGAIN);
  assert.deepEqual(asked, ['log', 'metric', 'emit']);
  for (const call of [
    () => calls.metric!(PAGE - 4, 8, 1),
    () => calls.log!(0, PAGE, 1),
    () => calls.emit!(0, 1, PAGE, 4),
  ])
    assert.throws(call, { code: 'corrupt' });
});

test('events that were emitted before are taken again and go nowhere, whatever the rate', () => {
  const { desk, said, calls } = deskOf();
  desk.holdBack(3);
  for (let n = 0; n < 4; n++) assert.equal(calls.emit!(NAME_AT, NAME.length, 0, n), 0);
  assert.deepEqual(said, [`${NAME} 3`]);
  assert.equal(desk.dropped.emits, 0);
});
