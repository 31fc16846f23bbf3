import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logLine } from '../../../gateway/src/main/service/log-line.ts';

test('whatever a text holds, it becomes one line', () => {
  assert.equal(logLine('a\r\n<0>b\u0000c\u2028d\u001b[31m\n'), 'a <0>b c d [31m');
});

test('a long text is cut, and says by how much', () => {
  assert.equal(logLine('x'.repeat(5000)), `${'x'.repeat(1000)}… (4000 more characters)`);
});

test('what looks like a secret is not written', () => {
  const jwt = `eyJ${'a'.repeat(20)}.${'b'.repeat(20)}.${'c'.repeat(20)}`;
  const seed = `SU${'A'.repeat(56)}`;
  const texts = [
    'connect nats://me:hunter2@cloud:4222: refused',
    'password = "hunter2"',
    '{"password":"hunter2","x":1}',
    'Authorization: Bearer hunter2',
    `token=hunter2, next`,
    '-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----',
    `seed ${seed}`,
    `jwt ${jwt}`,
  ];
  for (const text of texts) {
    const line = logLine(text);
    assert.ok(!/hunter2/.test(line) && !line.includes(seed) && !line.includes(jwt), line);
    assert.ok(line.includes('***'), line);
  }
});

test('an ordinary text stays as it is', () => {
  const text =
    'native part better_sqlite3 in /var/lib/tidegate/native (from STATE_DIRECTORY): mqtt://127.0.0.1:1883, password_file is missing';
  assert.equal(logLine(text), text);
});
