/** With `mqtt.source = "broker"`: readings from a real mosquitto, acknowledged to it only after the commit. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { type GatewayProcess, startGateway } from '../../support/gateway-process.ts';
import { Mosquitto, mosquittoPub } from '../../support/mosquitto.ts';
import { skipWithout } from '../../support/require.ts';

const QUEUE = 'max_queued_messages 0\nmax_inflight_messages 20';

const configOf = (broker: Mosquitto, qos: number) => `
[mqtt]
source = "broker"
[mqtt.broker]
url = "mqtt://127.0.0.1:${broker.port}"
qos = ${qos}
`;

/** The gateway's session at the broker is there when the first message has come through. */
async function startReading(broker: Mosquitto, qos: number): Promise<GatewayProcess> {
  const gateway = await startGateway({ config: configOf(broker, qos) });
  await eventually('a first reading', async () => {
    await mosquittoPub(broker.port, ['-q', '1', '-t', 'sensors/first/one', '-m', '1']);
    return (await gateway.series('first/one')) !== undefined;
  });
  return gateway;
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const lines = (from: number, to: number) => `${numbers(from, to).join('\n')}\n`;

/** Every number that is not in the store; the gateway is stopped first. */
async function missing(gateway: GatewayProcess, series: string, upTo: number): Promise<number[]> {
  assert.equal(await gateway.stop(), 0, gateway.log);
  const found = new Set((await gateway.exported(series)).map(({ value }) => value));
  return numbers(0, upTo).filter((n) => !found.has(n));
}

suite('an external broker', { skip: skipWithout('mosquitto', 'mosquitto_pub') }, () => {
  for (const qos of [0, 1, 2]) {
    test(`messages at QoS ${qos} become points, each once while nothing breaks`, async () => {
      await using broker = await Mosquitto.start(QUEUE);
      await using gateway = await startReading(broker, qos);
      await mosquittoPub(broker.port, ['-q', '2', '-l', '-t', 'sensors/ext/n'], lines(0, 500));
      await gateway.seriesWith('ext/n', 500);
      const { ledger, ingest } = await gateway.status();
      assert.ok(ledger.balanced);
      assert.equal(ingest.connections, 1);
      assert.equal((await gateway.series('ext/n'))?.count, 500);
      assert.deepEqual(await missing(gateway, 'ext/n', 500), []);
    });
  }

  for (const qos of [1, 2]) {
    test(`nothing the broker has at QoS ${qos} is lost when the gateway is killed under load and started again`, async () => {
      await using broker = await Mosquitto.start(QUEUE);
      await using gateway = await startReading(broker, qos);
      const count = 3000;
      const published = mosquittoPub(broker.port, ['-q', '2', '-l', '-t', 'sensors/ext/n'], lines(0, count));
      for (const share of [100, 800]) {
        await eventually(
          `some points before a kill`,
          async () => ((await gateway.series('ext/n'))?.count ?? 0) >= share,
        );
        await gateway.kill();
        await gateway.start();
      }
      assert.equal((await published).code, 0);
      // A last one behind all others: when it is here, so are they.
      await mosquittoPub(broker.port, ['-q', '2', '-t', 'sensors/ext/last', '-m', '1']);
      await gateway.seriesWith('ext/last', 1, 30_000);
      assert.ok((await gateway.status()).ledger.balanced);
      assert.deepEqual(await missing(gateway, 'ext/n', count), []);
    });
  }

  test('a message that cannot be read is acknowledged and kept aside, and does not come again', async () => {
    await using broker = await Mosquitto.start(`${QUEUE}\nmax_inflight_messages 1`);
    await using gateway = await startReading(broker, 1);
    const before = (await gateway.status()).ledger.lanes.live.quarantined;
    await mosquittoPub(broker.port, ['-q', '1', '-t', 'sensors/ext/bad', '-m', '{']);
    await mosquittoPub(broker.port, ['-q', '1', '-t', 'sensors/ext/good', '-m', '1']);
    await gateway.seriesWith('ext/good', 1);
    assert.equal((await gateway.status()).ledger.lanes.live.quarantined - before, 1);
  });

  test('a topic that names a device beyond the bound of names is kept aside, whatever topics the broker lets through', async () => {
    await using broker = await Mosquitto.start(QUEUE);
    await using gateway = await startReading(broker, 1);
    const { code } = await mosquittoPub(broker.port, ['-q', '1', '-t', `sensors/${'d'.repeat(5000)}/temp`, '-m', '1']);
    assert.equal(code, 0);
    await mosquittoPub(broker.port, ['-q', '1', '-t', 'sensors/ext/good', '-m', '1']);
    await gateway.seriesWith('ext/good', 1);
    const { ingest, ledger } = await eventually('the rejected message to be stored', async () => {
      const status = await gateway.status();
      return status.ingest.quarantineLast.length > 0 && status;
    });
    assert.deepEqual(
      ingest.quarantineLast.map(({ reason }) => reason),
      ['name_too_long'],
    );
    assert.ok(ledger.balanced);
  });

  test('the gateway starts without its broker, and outlives a restart of it', async () => {
    await using broker = await Mosquitto.start(QUEUE);
    await broker.stop();
    await using gateway = await startGateway({ config: configOf(broker, 1) });
    assert.equal((await gateway.status()).ingest.connections, 0);
    const comesThrough = (topic: string, name: string) =>
      eventually(`a reading of ${name}`, async () => {
        await mosquittoPub(broker.port, ['-q', '1', '-t', topic, '-m', '1']);
        return (await gateway.series(name)) !== undefined;
      });
    await broker.start();
    await comesThrough('sensors/once/up', 'once/up');
    await broker.stop();
    await eventually('the loss to be seen', async () => (await gateway.status()).ingest.connections === 0);
    await broker.start();
    await comesThrough('sensors/up/again', 'up/again');
    assert.match(gateway.log, /broker mqtt:.*ECONNREFUSED/);
  });
});
