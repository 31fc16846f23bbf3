/** Whatever a sensor gets wrong: it is kept aside with its reason, acknowledged, counted; the connection goes on. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { type GatewayProcess, startGateway } from '../../support/gateway-process.ts';
import { RawClient } from '../../unit/mqtt/raw-client.ts';

const BAD: readonly [topic: string, payload: string, reason: string][] = [
  ['sensors/bad/json', '{"value":1', 'malformed_json'],
  ['sensors/bad/json', '\u0000\u0001\u0002', 'malformed_json'],
  ['sensors/bad/nan', 'NaN', 'nan'],
  ['sensors/bad/nan', '{"value":-Infinity}', 'malformed_json'],
  ['sensors/bad/type', '{"value":[1]}', 'wrong_type'],
  ['sensors/bad/time', '{"value":1,"time":9999999999999}', 'absurd_time'],
  ['sensors/bad/time', '{"value":1,"time":true}', 'bad_time'],
  ['sensors/bad/empty', '', 'empty'],
  ['factory/nobody/knows', '1', 'unknown_topic'],
];

suite('bad input', () => {
  let gateway: GatewayProcess;
  let sent = 0;
  before(async () => {
    gateway = await startGateway({ listener: 'packet_max = "8KiB"', config: '[ingest]\nseries_max = 20\n' });
  });
  after(() => gateway[Symbol.asyncDispose]());

  /** Once the last good reading is acknowledged, all before it is in the ledger. */
  const accounts = async (client: RawClient, isAlive: string) => {
    client.publish('sensors/good/alive', isAlive, 1, 999);
    sent++;
    await eventually('the good reading', () =>
      client.packets.some((packet) => packet.cmd === 'puback' && packet.messageId === 999),
    );
    const status = await gateway.status();
    assert.ok(status.ledger.balanced);
    assert.equal(status.ledger.lanes.live.received, sent);
    return status;
  };

  for (const qos of [0, 1, 2] as const) {
    test(`messages that cannot be read at QoS ${qos} are acknowledged and counted, and a good one follows on the same connection`, async () => {
      using client = await RawClient.connect(gateway.mqttPort, `bad${qos}`);
      const before = (await gateway.status()).ledger.lanes.live.quarantined;
      for (const [index, [topic, payload]] of BAD.entries()) client.publish(topic, payload, qos, index + 1);
      sent += BAD.length;
      const { ledger } = await accounts(client, '1');
      assert.equal(ledger.lanes.live.quarantined - before, BAD.length);
      const answers = client.packets.filter(({ cmd }) => cmd === (qos === 1 ? 'puback' : 'pubrec'));
      assert.equal(answers.length, [0, BAD.length + 1, BAD.length][qos]);
    });

    test(`a packet larger than packet_max at QoS ${qos} is kept aside by its beginning, and a good one follows on the same connection`, async () => {
      using client = await RawClient.connect(gateway.mqttPort, `big${qos}`);
      client.publish('sensors/big/one', `"${'ä'.repeat(500_000)}"`, qos, 1);
      sent++;
      await accounts(client, '2');
      if (qos === 1) assert.equal((await client.next('puback')).messageId, 1);
      if (qos === 2) assert.equal((await client.next('pubrec')).messageId, 1);
    });
  }

  test('beyond the bound on series messages are kept aside, and known series go on', async () => {
    using client = await RawClient.connect(gateway.mqttPort, 'many');
    for (let i = 0; i < 40; i++) client.publish(`sensors/many/s${i}`, '1', 1, i + 1);
    sent += 40;
    const { ledger, ingest } = await accounts(client, '3');
    assert.equal(ingest.series, 20);
    assert.ok(ledger.lanes.live.quarantined >= 20);
  });

  test('each reason and sample can be looked at', async () => {
    const reasons = new Set<string>();
    let sample = '';
    // Samples reach the database with the next segment; the page shows the last ones.
    using client = await RawClient.connect(gateway.mqttPort, 'look');
    for (const [topic, payload, reason] of BAD) {
      client.publish(topic, payload, 1, 1);
      sent++;
      await client.next('puback');
      reasons.add(reason);
    }
    await accounts(client, '4');
    const { ingest } = await eventually('the samples', async () => {
      const status = await gateway.status();
      const shown = new Set(status.ingest.quarantineLast.map((message) => message.reason));
      sample = JSON.stringify(status.ingest.quarantineLast);
      return [...reasons].every((reason) => shown.has(reason)) && status;
    });
    assert.match(sample, /factory\/nobody\/knows/);
    assert.ok(ingest.quarantineLast.length <= 20);
  });

  test('after a restart the accounts are the same', async () => {
    const before = (await gateway.status()).ledger.lanes.live;
    await gateway.kill();
    await gateway.start();
    const { ledger } = await gateway.status();
    assert.ok(ledger.balanced);
    const sums = ({ received, stored, quarantined }: typeof before) => ({ received, stored, quarantined });
    assert.deepEqual(sums(ledger.lanes.live), sums(before));
  });
});
