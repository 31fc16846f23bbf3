/** The listener as a broker between mosquitto's own clients. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { type GatewayProcess, startGateway } from '../../support/gateway-process.ts';
import { MosquittoSub, mosquittoPub } from '../../support/mosquitto.ts';
import { skipWithout } from '../../support/require.ts';

suite('mosquitto_sub', { skip: skipWithout('mosquitto_pub', 'mosquitto_sub', 'stdbuf') }, () => {
  let gateway: GatewayProcess;
  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway[Symbol.asyncDispose]());

  const publish = async (args: readonly string[], input?: string) => {
    const { code, stderr } = await mosquittoPub(gateway.mqttPort, args, input);
    assert.equal(code, 0, stderr);
  };

  for (const [sent, asked] of [
    ['0', '0'],
    ['1', '1'],
    ['2', '2'],
    ['2', '0'],
    ['0', '2'],
    ['1', '2'],
  ] as const) {
    test(`what is sent at QoS ${sent} arrives once, in order, at a subscription of QoS ${asked}`, async () => {
      await using subscriber = await MosquittoSub.start(gateway.mqttPort, [
        '-q',
        asked,
        '-t',
        `devices/${sent}${asked}/+`,
      ]);
      const lines = Array.from({ length: 300 }, (_, i) => String(i));
      await publish(['-q', sent, '-l', '-t', `devices/${sent}${asked}/n`], `${lines.join('\n')}\n`);
      assert.deepEqual(
        await subscriber.has(300),
        lines.map((line) => `devices/${sent}${asked}/n ${line}`),
      );
    });
  }

  test('wildcards choose, and overlapping filters give a message once', async () => {
    await using subscriber = await MosquittoSub.start(gateway.mqttPort, [
      '-q',
      '1',
      '-t',
      'devices/w/+/on',
      '-t',
      'devices/w/#',
    ]);
    for (const topic of ['devices/w/a/on', 'devices/w/a/off', 'devices/v/a/on', 'devices/w'])
      await publish(['-q', '1', '-t', topic, '-m', '1']);
    await publish(['-q', '1', '-t', 'devices/w/end', '-m', '1']);
    await eventually('the last one', () => subscriber.lines.includes('devices/w/end 1'));
    assert.deepEqual(subscriber.lines, ['devices/w/a/on 1', 'devices/w/a/off 1', 'devices/w 1', 'devices/w/end 1']);
  });

  test('readings are brokered too, besides being stored', async () => {
    await using subscriber = await MosquittoSub.start(gateway.mqttPort, ['-t', 'sensors/#']);
    await publish(['-q', '1', '-t', 'sensors/brokered/x', '-m', '4']);
    assert.deepEqual(await subscriber.has(1), ['sensors/brokered/x 4']);
    await gateway.seriesWith('brokered/x', 1);
  });

  test('a retained message meets whoever subscribes later, until it is cleared', async () => {
    await publish(['-r', '-q', '1', '-t', 'devices/r/a', '-m', 'kept']);
    {
      await using subscriber = await MosquittoSub.start(gateway.mqttPort, ['-q', '1', '-t', 'devices/r/+']);
      assert.deepEqual(await subscriber.has(1), ['devices/r/a kept']);
    }
    await publish(['-r', '-q', '1', '-n', '-t', 'devices/r/a']);
    await using subscriber = await MosquittoSub.start(gateway.mqttPort, ['-q', '1', '-t', 'devices/r/+']);
    await publish(['-q', '1', '-t', 'devices/r/b', '-m', 'first']);
    assert.deepEqual(await subscriber.has(1), ['devices/r/b first']);
  });

  for (const qos of ['1', '2']) {
    test(`a persistent session gets what was sent at QoS ${qos} while it was away, in order`, async () => {
      const args = ['-c', '-i', `away${qos}`, '-q', qos, '-t', `devices/away/${qos}`];
      {
        await using _first = await MosquittoSub.start(gateway.mqttPort, args);
      }
      for (let i = 0; i < 5; i++) await publish(['-q', qos, '-t', `devices/away/${qos}`, '-m', String(i)]);
      await using back = await MosquittoSub.start(gateway.mqttPort, args);
      assert.deepEqual(
        await back.has(5),
        ['0', '1', '2', '3', '4'].map((i) => `devices/away/${qos} ${i}`),
      );
    });
  }

  test('the will of a client that is killed is published, and stored when its topic is a sensor', async () => {
    await using watcher = await MosquittoSub.start(gateway.mqttPort, ['-t', 'sensors/wills/#']);
    const will = ['--will-topic', 'sensors/wills/alive', '--will-payload', '0', '--will-qos', '1'];
    const mortal = await MosquittoSub.start(gateway.mqttPort, ['-t', 'devices/x', ...will]);
    await mortal.kill();
    assert.deepEqual(await watcher.has(1), ['sensors/wills/alive 0']);
    assert.equal((await gateway.seriesWith('wills/alive', 1)).lastValue, 0);
  });
});
