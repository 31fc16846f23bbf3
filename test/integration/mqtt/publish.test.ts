/** What mosquitto_pub sends arrives as points, at every quality of service, and is acknowledged after the commit. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, suite, test } from 'node:test';
import mqtt from 'mqtt';
import { eventually } from '../../support/eventually.ts';
import { type GatewayProcess, startGateway } from '../../support/gateway-process.ts';
import { mosquittoPub } from '../../support/mosquitto.ts';
import { skipWithout } from '../../support/require.ts';
import { RawClient } from '../../unit/mqtt/raw-client.ts';

suite('mosquitto_pub', { skip: skipWithout('mosquitto_pub') }, () => {
  let gateway: GatewayProcess;
  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway[Symbol.asyncDispose]());

  const publish = async (args: readonly string[], input?: string) => {
    const { code, stderr } = await mosquittoPub(gateway.mqttPort, args, input);
    assert.equal(code, 0, stderr);
  };

  for (const qos of ['0', '1', '2']) {
    test(`a number, an object and an array at QoS ${qos} are points`, async () => {
      await publish(['-q', qos, '-t', `sensors/q${qos}/number`, '-m', '21.5']);
      await publish(['-q', qos, '-t', `sensors/q${qos}/object`, '-m', '{"value":-3e2,"unit":"C"}']);
      await publish(['-q', qos, '-t', `sensors/q${qos}/array`, '-m', '[{"value":1},{"value":2},{"value":3}]']);
      await publish(['-q', qos, '-t', `sensors/q${qos}`, '-m', '{"volts":230.1,"nested":{"amps":4}}']);
      assert.equal((await gateway.seriesWith(`q${qos}/number`, 1)).lastValue, 21.5);
      assert.equal((await gateway.seriesWith(`q${qos}/object`, 1)).lastValue, -300);
      assert.equal((await gateway.seriesWith(`q${qos}/array`, 3)).lastValue, 3);
      assert.equal((await gateway.seriesWith(`q${qos}/volts`, 1)).lastValue, 230.1);
    });

    test(`a thousand lines on one connection at QoS ${qos} are a thousand points`, async () => {
      const lines = Array.from({ length: 1000 }, (_, i) => `${i}\n`).join('');
      await publish(['-q', qos, '-l', '-t', `sensors/lines/q${qos}`], lines);
      assert.equal((await gateway.seriesWith(`lines/q${qos}`, 1000)).lastValue, 999);
    });
  }

  test('a client of MQTT 3.1 is served, one of MQTT 5 is refused in words', async () => {
    await publish(['-V', 'mqttv31', '-q', '1', '-t', 'sensors/old/client', '-m', '31']);
    assert.equal((await gateway.seriesWith('old/client', 1)).lastValue, 31);
    const { code, stderr } = await mosquittoPub(gateway.mqttPort, [
      '-V',
      'mqttv5',
      '-q',
      '1',
      '-t',
      'sensors/new/client',
      '-m',
      '5',
    ]);
    assert.notEqual(code, 0);
    assert.match(stderr, /protocol version/i);
  });

  test('the time of the source is kept, to the millisecond', async () => {
    const timeMs = Date.now() - 3_600_123;
    await publish(['-q', '1', '-t', 'sensors/timed/ms', '-m', `{"value":1,"time":${timeMs}}`]);
    await publish([
      '-q',
      '1',
      '-t',
      'sensors/timed/iso',
      '-m',
      `{"value":1,"time":"${new Date(timeMs).toISOString()}"}`,
    ]);
    assert.equal((await gateway.seriesWith('timed/ms', 1)).lastMs, timeMs);
    assert.equal((await gateway.seriesWith('timed/iso', 1)).lastMs, timeMs);
  });

  test('the ledger counts every point once, and balances', async () => {
    const { ledger } = await gateway.status();
    assert.ok(ledger.balanced);
    // Three QoS of 1 + 1 + 3 + 2 readings and 1000 lines; one of MQTT 3.1 and two with times.
    assert.equal(ledger.lanes.live.received, 3 * (7 + 1000) + 3);
    assert.equal(ledger.lanes.live.stored, ledger.lanes.live.received);
  });
});

test('a point is in the store from its PUBACK on: the gateway may be killed right after it, again and again', async () => {
  await using gateway = await startGateway();
  const rounds = 4;
  for (let round = 0; round < rounds; round++) {
    using client = await RawClient.connect(gateway.mqttPort, 'c');
    client.publish('sensors/killed/after', String(round), round % 2 === 0 ? 1 : 2, 9);
    await client.next(round % 2 === 0 ? 'puback' : 'pubrec');
    await gateway.kill();
    await gateway.start();
  }
  assert.equal(await gateway.stop(), 0, gateway.log);
  const points = await gateway.exported('killed/after');
  assert.deepEqual(
    points.map(({ value }) => value),
    Array.from({ length: rounds }, (_, i) => i),
  );
});

test('a persistent client of the mqtt package loses nothing when the gateway is killed under it', async () => {
  await using gateway = await startGateway();
  let port = gateway.mqttPort;
  const client = new mqtt.MqttClient(() => connect(port, '127.0.0.1'), {
    clientId: 'p',
    clean: false,
    reconnectPeriod: 50,
    protocolVersion: 4,
  });
  client.on('error', () => undefined);
  const acknowledged: number[] = [];
  const publishAll = (from: number, to: number) => {
    for (let i = from; i < to; i++)
      client.publish('sensors/p/n', String(i), { qos: 1 }, (error) => !error && acknowledged.push(i));
  };
  publishAll(0, 600); // the client sends again one by one: not too many
  await eventually('some acknowledgements', () => acknowledged.length > 10);
  await gateway.kill();
  publishAll(600, 800);
  await gateway.start();
  port = gateway.mqttPort;
  await eventually('all acknowledgements', () => acknowledged.length >= 800, 20_000);
  await client.endAsync(true);
  assert.equal(await gateway.stop(), 0, gateway.log);
  const found = new Set((await gateway.exported('p/n')).map(({ value }) => value));
  assert.deepEqual(
    Array.from({ length: 800 }, (_, i) => i).filter((i) => !found.has(i)),
    [],
    'each is there at least once',
  );
});
