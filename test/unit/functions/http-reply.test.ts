import assert from 'node:assert/strict';
import { test } from 'node:test';
import { busy, REPLY_BYTES_MAX, replyTo, replyToFailure } from '../../../gateway/src/core/functions/http-reply.ts';
import { CallError, type CallFault } from '../../../gateway/src/core/functions/ports.ts';

const reply = (attributes: Record<string, string>, data = 'hello') =>
  replyTo({ errno: 0, reply: { attributes, data: Buffer.from(data) } });

test('status, type and data of the reply are those of the answer', () => {
  const { status, type, body } = reply({ status: '418', datacontenttype: 'text/plain' });
  assert.deepEqual([status, type, Buffer.from(body as Uint8Array).toString()], [418, 'text/plain', 'hello']);
  assert.deepEqual([reply({}).status, reply({}).type], [200, 'application/octet-stream']);
  assert.equal(replyTo({ errno: 0, reply: null }).status, 204);
});

test('a reply that is no answer is a bad gateway', () => {
  for (const status of ['99', '600', '100', 'abc', '']) assert.equal(reply({ status }).status, 502, status);
  assert.equal(reply({}, 'x'.repeat(REPLY_BYTES_MAX + 1)).status, 502);
  assert.equal(reply({ datacontenttype: 'text/html\r\nset-cookie: a=b' }).type, 'application/octet-stream');
});

test('each fault has its status', () => {
  const expected: Record<CallFault, number> = {
    trap: 502,
    fuel: 502,
    malformed: 502,
    start: 502,
    deadline: 504,
    too_large: 413,
    lost: 503,
  };
  for (const [fault, status] of Object.entries(expected)) {
    assert.equal(replyToFailure(new CallError(fault as CallFault, 'x')).status, status, fault);
  }
  assert.equal(replyTo({ errno: -22, reply: null }).status, 502);
  assert.equal(replyTo({ errno: -11, reply: null }).status, 503);
});

test('who comes too often is told when to come again', () => {
  assert.equal(busy('full').headers?.['retry-after'], '1');
});

test('what a function sends may run nothing on the page of the gateway', () => {
  assert.match(reply({ datacontenttype: 'text/html' }).headers?.['content-security-policy'] ?? '', /^sandbox;/);
});
