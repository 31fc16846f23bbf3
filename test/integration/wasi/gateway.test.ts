/** A module of the WASI profile in the real gateway: lines in the log, a private folder that outlives restarts and upgrades, a worker of its own. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { type GatewayProcess, startGateway } from '../../support/gateway-process.ts';
import { ModuleWorkshop } from '../../support/signed-module.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { RawClient } from '../../unit/mqtt/raw-client.ts';
import { compileC, withoutC } from './toolchain.ts';

/** A package as its author would build it. */
async function buildDiary(folder: string, version: string): Promise<string> {
  const wasm = await compileC('diary', folder);
  const build = join(folder, `diary-${version}`);
  mkdirSync(build, { recursive: true });
  const manifest = {
    ...{ id: 'diary', version, abi: 'gw1', profile: 'wasi1', capabilities: ['log', 'folder'] },
    summary: 'Counts rows over restarts.',
    wasm: 'diary.wasm',
    sha256: createHash('sha256').update(wasm).digest('hex'),
    config: [],
    outputs: [{ name: 'count', kind: 'point', unit: '', help: 'Rows so far.' }],
    limits: {
      ...{ memoryPages: 16, tableElems: 100, codeBytes: 1 << 20, functions: 2000, localsPerFunction: 200 },
      ...{ fuelPerCall: 50_000_000, startFuel: 50_000_000, outBytes: 8192, deadlineMs: 1000, folderBytes: 65_536 },
    },
  };
  writeFileSync(join(build, 'manifest.json'), JSON.stringify(manifest));
  writeFileSync(join(build, 'diary.wasm'), wasm);
  return build;
}

async function publish(gateway: GatewayProcess, count: number): Promise<void> {
  using client = await RawClient.connect(gateway.mqttPort, 'c');
  for (let sent = 0; sent < count; sent++) {
    client.publish('sensors/plant/x', String(sent), 1, 1);
    await client.next('puback');
  }
}

/** The count that the module keeps in its folder, once it has come to the output. */
const counted = (gateway: GatewayProcess, rows: number) =>
  eventually(
    `${rows} rows to be counted`,
    async () => (await gateway.series('plant/x.diary.count'))?.lastValue === rows,
  );

test('files in its folder outlive a stop and an upgrade; its lines are in the log; /data is all it sees', {
  skip: withoutC,
}, async () => {
  using folder = temporaryFolder();
  await using gateway = await startGateway();
  const workshop = new ModuleWorkshop(folder.path, gateway);
  await workshop.trustNewKey('acme', 'partner');
  const first = await buildDiary(folder.path, '1.0.0');
  const second = await buildDiary(folder.path, '1.1.0');
  for (const build of [first, second]) await workshop.sign(build, 'acme');

  assert.equal((await workshop.module('install', first, '--name', 'diary', '--input', '**')).state, 'succeeded');
  await publish(gateway, 7);
  await counted(gateway, 7);
  assert.equal(await gateway.stop(), 0, gateway.log);
  const kept = join(gateway.stateFolder, 'modules/folders/diary');
  assert.equal(readFileSync(join(kept, 'count'), 'utf8'), '7\n');

  await gateway.start();
  await eventually('its line', () => gateway.log.includes('module diary: diary: 7 rows so far'));
  await publish(gateway, 3);
  await counted(gateway, 10);
  const upgraded = await workshop.module('upgrade', 'diary', second, '--watch', '200ms');
  assert.equal(upgraded.state, 'succeeded', upgraded.error ?? '');
  await publish(gateway, 2);
  await counted(gateway, 12);
  const running = (await gateway.status()).modules.find(({ name }) => name === 'diary');
  assert.deepEqual([running?.version, running?.state, running?.traps], ['1.1.0', 'running', 0]);

  assert.equal((await workshop.module('remove', 'diary')).state, 'succeeded');
  assert.throws(() => readFileSync(join(kept, 'count')), { code: 'ENOENT' });
});
