/** Starting, stopping, and what stands in the way of either. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { CLI, startGateway } from '../../support/gateway-process.ts';
import { LoadClient } from '../../support/load-client.ts';
import { FIRST_VALUE } from '../../support/load-frames.ts';
import { runProgram } from '../../support/run-program.ts';
import { RawClient } from '../../unit/mqtt/raw-client.ts';

test('a second gateway on the same state folder is refused in words, and the first one goes on', async () => {
  await using gateway = await startGateway();
  const second = await runProgram(process.execPath, [CLI, 'run', '--json', '--config', gateway.configFile]);
  assert.equal(second.code, 1);
  assert.match(second.stderr, /state folder .*another Tidegate uses it/);
  assert.match(second.stderr, /gateway\.state_dir/, 'a hint says what to do');
  assert.equal(JSON.parse(second.stdout).error.code, 'conflict');
  assert.equal((await gateway.status()).gateway.state, 'running');
});

test('a port that is taken is named, with a hint', async () => {
  await using gateway = await startGateway();
  await using other = await startGateway();
  await other.kill();
  const text = readFileSync(other.configFile, 'utf8').replace(
    /(\[mqtt\.listener\]\nport = )0/,
    `$1${gateway.mqttPort}`,
  );
  writeFileSync(other.configFile, text);
  const { code, stderr } = await other.cli(['run', '--config', other.configFile]);
  assert.equal(code, 3);
  assert.match(stderr, new RegExp(`MQTT listener on 127.0.0.1:${gateway.mqttPort}`));
  assert.match(stderr, /mqtt\.listener\.port/);
});

test('SIGTERM under load drains: everything acknowledged is in segments, and the exit code is 0', async () => {
  const acknowledged = new Set<number>();
  await using gateway = await startGateway();
  const options = {
    port: gateway.mqttPort,
    name: 'load',
    series: 5,
    readingsPerMessage: 1,
    qos: 1 as const,
    inFlightMax: 5000,
  };
  const client = new LoadClient({
    ...options,
    messagesPerSecond: Infinity,
    firstNumber: 0,
    onAcknowledged: (n) => acknowledged.add(n),
  });
  await client.start();
  await eventually('some load', () => acknowledged.size > 5000);
  assert.equal(await gateway.stop(), 0, gateway.log);
  await client.stop(100);
  const points = await gateway.exported('load/*');
  for (const { value } of points) acknowledged.delete(value! - FIRST_VALUE);
  assert.equal(acknowledged.size, 0);
});

test('SIGTERM with a subscriber that does not read, and with a will, ends all the same', async () => {
  await using gateway = await startGateway();
  const will = { topic: 'devices/will', payload: Buffer.from('x'), qos: 1 as const, retain: true };
  using reader = await RawClient.connect(gateway.mqttPort, 'reader', { will, clean: false });
  await reader.subscribe('#', 1);
  reader.socket.pause();
  using writer = await RawClient.connect(gateway.mqttPort, 'writer');
  for (let i = 0; i < 1000; i++) writer.publish('devices/big', 'x'.repeat(10_000), 0);
  await writer.ping();
  const start = performance.now();
  assert.equal(await gateway.stop(), 0, gateway.log);
  assert.ok(performance.now() - start < 10_000);
});

test('a SIGKILL leaves nothing behind that hinders the next start, or misleads the command line', async () => {
  await using gateway = await startGateway();
  await gateway.kill();
  const asked = await gateway.cli(['status', '--config', gateway.configFile]);
  assert.equal(asked.code, 3);
  assert.match(asked.stderr, /no gateway runs on state folder/);
  await gateway.start();
  assert.equal((await gateway.cli(['status', '--config', gateway.configFile])).code, 0);
  assert.equal(await gateway.stop(), 0);
});

test('four octets from a stranger do not end the gateway', async () => {
  await using gateway = await startGateway();
  using stranger = await RawClient.open(gateway.mqttPort);
  stranger.send(Buffer.from([0x10, 2, 0, 0]));
  await stranger.closed();
  using client = await RawClient.connect(gateway.mqttPort, 'c');
  client.publish('sensors/a/b', '1', 1, 1);
  await client.next('puback');
  assert.ok(gateway.isRunning);
});
