import assert from 'node:assert/strict';
import { test } from 'node:test';
import { notifySettings, sendNotice } from '../../../gateway/src/adapters/systemd/notify-socket.ts';

test('without an address there is nothing to tell; another kind of address is refused', () => {
  assert.equal(notifySettings({}, 1), null);
  assert.equal(notifySettings({ NOTIFY_SOCKET: '' }, 1), null);
  assert.throws(
    () => notifySettings({ NOTIFY_SOCKET: 'vsock:2:1234' }, 1),
    /a path or @name expected, "vsock:2:1234" found/,
  );
});

test('a watchdog counts only when it is meant for this process', () => {
  const env = { NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '30000000' };
  assert.equal(notifySettings(env, 5)?.watchdogMs, 30_000);
  assert.equal(notifySettings({ ...env, WATCHDOG_PID: '5' }, 5)?.watchdogMs, 30_000);
  assert.equal(notifySettings({ ...env, WATCHDOG_PID: '6' }, 5)?.watchdogMs, null);
  assert.equal(notifySettings({ ...env, WATCHDOG_USEC: 'soon' }, 5)?.watchdogMs, null);
});

test('a status cannot smuggle in another assignment, and is bounded', () => {
  const sent: string[] = [];
  const send = (_: string, text: string) => sent.push(text);
  sendNotice(send, { address: '/x', watchdogMs: null }, { STATUS: `a\nWATCHDOG=1\n${'x'.repeat(1000)}` });
  assert.match(sent[0]!, /^STATUS=a WATCHDOG=1 x+…$/);
  assert.ok(sent[0]!.length < 220);
});
