/** Who may connect, and what he may do: with users whose passwords `tidegate user hash` has hashed. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { CLI, type GatewayProcess, startGateway } from '../../support/gateway-process.ts';
import { MosquittoSub, mosquittoPub } from '../../support/mosquitto.ts';
import { skipWithout } from '../../support/require.ts';
import { runProgram } from '../../support/run-program.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { RawClient } from '../../unit/mqtt/raw-client.ts';

async function hashOf(password: string): Promise<string> {
  const { code, stdout, stderr } = await runProgram(process.execPath, [CLI, 'user', 'hash'], {
    input: `${password}\n`,
  });
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

const PASSWORD = 'correct horse, ünïcode';

suite('users', { skip: skipWithout('mosquitto_pub', 'mosquitto_sub', 'stdbuf') }, () => {
  let gateway: GatewayProcess;
  before(async () => {
    const [sensor, reader] = await Promise.all([hashOf(PASSWORD), hashOf('the other one')]);
    const config = `
[[mqtt.user]]
name = "sensor"
password_hash = "${sensor}"
publish = ["sensors/own/#"]
subscribe = ["devices/own/+"]
[[mqtt.user]]
name = "reader"
password_hash = "${reader}"
publish = []
`;
    gateway = await startGateway({ config });
  });
  after(() => gateway[Symbol.asyncDispose]());

  const as = (name: string, password: string, ...args: string[]) =>
    mosquittoPub(gateway.mqttPort, ['-u', name, '-P', password, '-q', '1', ...args]);

  test('the right password is let in', async () => {
    const { code, stderr } = await as('sensor', PASSWORD, '-t', 'sensors/own/x', '-m', '1');
    assert.equal(code, 0, stderr);
    await gateway.seriesWith('own/x', 1);
  });

  test('a wrong password, an unknown name and no name at all are refused with code 4 or 5', async () => {
    for (const attempt of [['sensor', 'the other one'], ['nobody', PASSWORD], []]) {
      using client = await RawClient.open(gateway.mqttPort);
      const [username, password] = attempt;
      const login = username === undefined ? {} : { username, password: Buffer.from(password!) };
      client.send({
        cmd: 'connect',
        clientId: 'x',
        protocolId: 'MQTT',
        protocolVersion: 4,
        clean: true,
        keepalive: 0,
        ...login,
      });
      assert.ok([4, 5].includes((await client.next('connack')).returnCode!));
      await client.closed();
    }
    const { code, stderr } = await as('sensor', 'the other one', '-t', 'sensors/own/x', '-m', '1');
    assert.notEqual(code, 0);
    assert.match(stderr, /password|authori/i);
  });

  test('thirty clients that connect at once are all let in', async () => {
    const all = await Promise.all(
      Array.from({ length: 30 }, (_, i) => {
        return RawClient.connect(gateway.mqttPort, `crowd${i}`, {
          username: i % 2 ? 'sensor' : 'reader',
          password: Buffer.from(i % 2 ? PASSWORD : 'the other one'),
        });
      }),
    );
    for (const client of all) client[Symbol.dispose]();
  });

  test('a topic that is not permitted is acknowledged and kept aside, and is not routed', async () => {
    await using reader = await MosquittoSub.start(gateway.mqttPort, [
      '-u',
      'reader',
      '-P',
      'the other one',
      '-t',
      'sensors/#',
    ]);
    const foreign = await as('sensor', PASSWORD, '-t', 'sensors/foreign/x', '-m', '1');
    assert.equal(foreign.code, 0, foreign.stderr);
    await as('sensor', PASSWORD, '-t', 'sensors/own/y', '-m', '2');
    assert.deepEqual(await reader.has(1), ['sensors/own/y 2']);
    assert.equal(await gateway.series('foreign/x'), undefined);
    assert.equal((await gateway.status()).ledger.lanes.live.quarantined, 1);
  });

  test('a subscription that is not permitted is refused by SUBACK', async () => {
    using client = await RawClient.connect(gateway.mqttPort, 's', {
      username: 'sensor',
      password: Buffer.from(PASSWORD),
    });
    assert.equal(await client.subscribe('devices/own/+', 1, 1), 1);
    for (const filter of ['#', 'devices/own/#', 'devices/+/x', '$SYS/#'])
      assert.equal(await client.subscribe(filter, 1, 2), 128, filter);
  });
});

test('an address beyond loopback without users is a fault of the configuration, with a hint', async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, 'tidegate.toml');
  writeFileSync(file, '[mqtt.listener]\naddress = "0.0.0.0"\n');
  const { code, stdout } = await runProgram(process.execPath, [CLI, 'config', 'check', '--config', file]);
  assert.notEqual(code, 0);
  assert.match(stdout, /mqtt\.listener\.address.*loopback/s);
  assert.match(stdout, /tidegate user hash/);
});
