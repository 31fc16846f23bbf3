/** The web listener as a program meets it that asks for the wrong thing, and what it says of itself. */
import assert from 'node:assert/strict';
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
