/** The web listener as a program meets it that asks for the wrong thing, and what it says of itself. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, suite, test } from 'node:test';
import { assets } from '../../../gateway/src/main/assets.ts';
import { type GatewayProcess, startGateway } from '../../support/gateway-process.ts';
import { RawClient } from '../../unit/mqtt/raw-client.ts';

suite('the web listener', () => {
  let gateway: GatewayProcess;
  before(async () => {
    gateway = await startGateway();
    using client = await RawClient.connect(gateway.mqttPort, 'c');
    client.publish('sensors/tank/level', '42', 1, 1);
    await client.next('puback');
  });
  after(() => gateway[Symbol.asyncDispose]());

  /** A connection that has sent so much of a request. */
  async function begin(request: string, headers = '', { web } = gateway): Promise<Socket> {
    const { hostname, port, host } = new URL(web);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.write(`${request} HTTP/1.1\r\nHost: ${host}\r\n${headers}\r\n`);
    return socket;
  }

  const ask = (path: string, method = 'GET') =>
    fetch(new URL(path, gateway.web), { method, ...(method === 'POST' ? { body: 'x' } : {}) });

  test('another method than a path takes is answered with 405 and the methods that it takes', async () => {
    for (const path of ['/api/status', '/api/series/0/points', '/metrics', '/healthz', '/']) {
      for (const method of ['POST', 'PUT', 'DELETE']) {
        const answer = await ask(path, method);
        assert.deepEqual([answer.status, answer.headers.get('allow')], [405, 'GET, HEAD'], `${method} ${path}`);
        assert.match(await answer.text(), new RegExp(`method GET or HEAD expected, ${method} found`));
      }
    }
    const both = await ask('/fn/none', 'PUT');
    assert.deepEqual([both.status, both.headers.get('allow')], [405, 'POST, GET, HEAD']);
  });

  test('a path that is nothing is not found, whatever the method', async () => {
    for (const method of ['GET', 'POST']) assert.equal((await ask('/api/nothing', method)).status, 404, method);
  });

  test('what is no address is said to be none; two slashes begin a path like any other', async () => {
    for (const [target, status] of [
      ['//', 404],
      ['//api/status', 404],
      ['/api//status', 404],
      ['http://gateway:port/', 400],
      ['http://gateway/healthz', 200],
      ['*', 404],
    ] as const) {
      const answer = await text(await begin(`GET ${target}`, 'Connection: close\r\n'));
      assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `), target);
    }
    assert.doesNotMatch(gateway.log, / web \w+: /);
  });

  for (const octets of [256 * 1024 + 1, 4_000_000, 40_000_000]) {
    test(`a client that sends a body of ${octets} octets in one go reads that it is too large, and the connection ends`, async () => {
      // It reads nothing before it has sent all, as simple clients do.
      const socket = await begin('POST /fn/none', `Content-Length: ${octets}\r\n`);
      socket.pause();
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.write(Buffer.alloc(octets), () => resolve());
      });
      socket.end();
      const answer = await text(socket);
      assert.match(answer, /^HTTP\/1.1 413 /);
      assert.match(answer, /a body of at most 262144 octets expected, more found/);
    });
  }

  test('a body that never ends is not read for ever', async () => {
    const socket = await begin('POST /fn/none', 'Content-Length: 1000000000\r\n');
    socket.on('error', () => undefined);
    let sent = 0;
    let answer = '';
    socket.setEncoding('utf8').on('data', (more: string) => (answer += more));
    const chunk = Buffer.alloc(1 << 20);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const send = () => {
      if (socket.writable) socket.write(chunk, () => send());
      sent += chunk.length;
    };
    send();
    await closed;
    assert.match(answer, /^HTTP\/1.1 413 /);
    assert.ok(sent < 100e6, `${sent} octets sent`);
  });

  test('a client that goes away in the middle of a body is nothing to write an error about', async () => {
    await using other = await startGateway();
    const socket = await begin('POST /fn/none', 'Content-Length: 1000\r\n', other);
    await new Promise((resolve) => socket.write('the beginning', resolve));
    // Answered later than what was sent before: the beginning of the body has arrived.
    assert.ok((await other.status()).gateway);
    socket.resetAndDestroy();
    assert.ok((await other.status()).gateway);
    assert.equal(await other.stop(), 0);
    assert.doesNotMatch(other.log, / web \w+: |while answering/);
  });

  test('a number of a query that is none is named', async () => {
    const { id } = await gateway.seriesWith('tank/level', 1);
    assert.equal((await ask(`/api/series/${id}/points`)).status, 200);
    for (const [query, found] of [
      ['from=', '""'],
      ['to=', '""'],
      ['max=', '""'],
      ['from=%20', '" "'],
      ['from=yesterday', '"yesterday"'],
    ]) {
      const answer = await ask(`/api/series/${id}/points?${query}`);
      const { message } = (await answer.json()) as { message: string };
      assert.deepEqual([answer.status, message], [400, `${query!.split('=')[0]}: a number expected, ${found} found`]);
    }
  });

  test('its metrics say which gateway they are of', async () => {
    const text = await (await ask('/metrics')).text();
    const info = /^target_info\{(.*)\} 1$/m.exec(text)?.[1] ?? '';
    const labels = new Map([...info.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
    assert.equal(labels.get('service_name'), 'tidegate');
    assert.equal(labels.get('service_instance_id'), 'test');
    assert.equal(labels.get('service_version'), assets.version);
  });
});
