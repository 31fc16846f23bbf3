/** A module that traps, loops for ever, says nonsense or is not what its manifest says: ingest and the other modules go on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { type GatewayProcess, startGateway } from '../../support/gateway-process.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { BODY, type InstallOptions, installModule, wasmModule } from '../../support/wasm-module.ts';
import { RawClient } from '../../unit/mqtt/raw-client.ts';

const tableOf = (module: string, series: string) =>
  `[[module]]\nname = "${module}"\nmodule = "${module}"\n[[module.input]]\nseries = "${series}"\n`;

const GOOD =
  '[[module]]\nname = "good"\nmodule = "window-aggregate"\n[[module.input]]\nseries = "**"\nconfig = { windowMs = 100 }\n';

const moduleOf = async (gateway: GatewayProcess, name: string) =>
  (await gateway.status()).modules.find((module) => module.name === name);

/** Publishes and sees that readings are acknowledged and windows closed all the while, until `isDone`. */
async function publishUntil(gateway: GatewayProcess, what: string, isDone: () => Promise<boolean>): Promise<void> {
  using client = await RawClient.connect(gateway.mqttPort, 'c');
  let slowestMs = 0;
  let sent = 0;
  await eventually(
    what,
    async () => {
      const start = performance.now();
      client.publish('sensors/plant/x', String(sent++), 1, 1);
      await client.next('puback');
      slowestMs = Math.max(slowestMs, performance.now() - start);
      return isDone();
    },
    20_000,
  );
  assert.ok(slowestMs < 1000, `a reading was acknowledged after ${slowestMs} ms`);
  const before = (await gateway.series('plant/x.good.count'))?.count ?? 0;
  await eventually(
    'windows to go on',
    async () => {
      client.publish('sensors/plant/x', String(sent++), 1, 1);
      await client.next('puback');
      return ((await gateway.series('plant/x.good.count'))?.count ?? 0) > before + 2;
    },
    20_000,
  );
  assert.equal((await gateway.series('plant/x'))?.count, sent, 'every reading is there');
  assert.ok((await gateway.status()).ledger.balanced);
}

const FAULTS: Record<string, { wasm: Uint8Array; error: RegExp; options?: InstallOptions }> = {
  traps: { wasm: wasmModule(BODY.trap), error: /unreachable/ },
  'loops-for-ever': { wasm: wasmModule(BODY.loopForEver), error: /deadline/ },
  'uses-up-its-fuel': { wasm: wasmModule(BODY.loopForEver), error: /fuel/, options: { fuelPerCall: 100_000 } },
  'says-too-much': { wasm: wasmModule(BODY.overlong), error: /octets|output/ },
};

for (const [id, { wasm, error, options }] of Object.entries(FAULTS)) {
  test(`a module that ${id.replaceAll('-', ' ')} backs off, tried again ever more seldom, while ingest and the other module go on`, async () => {
    using folder = temporaryFolder();
    installModule(folder.path, id, wasm, options);
    await using gateway = await startGateway({
      config: tableOf(id, '**') + GOOD,
      env: { TIDEGATE_MODULES: folder.path },
    });
    await publishUntil(
      gateway,
      `${id} to have failed twice`,
      async () => ((await moduleOf(gateway, id))?.traps ?? 0) >= 2,
    );
    const bad = await eventually('the back-off to be shown', async () => {
      const module = await moduleOf(gateway, id);
      return module?.state === 'backing_off' && module;
    });
    assert.match(bad.error ?? '', error);
    assert.ok(bad.restarts >= 2);
    assert.equal((await moduleOf(gateway, 'good'))?.state, 'running');
    assert.equal(await gateway.stop(), 0, gateway.log);
  });
}

test('a module that answers with an error stays, and is counted', async () => {
  using folder = temporaryFolder();
  installModule(folder.path, 'refuses', wasmModule(BODY.refuse));
  await using gateway = await startGateway({
    config: tableOf('refuses', '**') + GOOD,
    env: { TIDEGATE_MODULES: folder.path },
  });
  await publishUntil(gateway, 'three refusals', async () => ((await moduleOf(gateway, 'refuses'))?.refusals ?? 0) >= 3);
  assert.equal((await moduleOf(gateway, 'refuses'))?.state, 'running');
});

/** Faults that show before the first call. */
const UNUSABLE: Record<string, (folder: string, id: string) => void> = {
  'has another hash than its manifest says': (folder, id) =>
    installModule(folder, id, wasmModule(BODY.quiet), { sha256: '0'.repeat(64) }),
  'is no WebAssembly': (folder, id) => installModule(folder, id, Buffer.from('not wasm')),
  'traps in its start': (folder, id) => installModule(folder, id, wasmModule(BODY.quiet, BODY.trap)),
  'loops for ever in its start': (folder, id) => installModule(folder, id, wasmModule(BODY.quiet, BODY.loopForEver)),
};

for (const [what, install] of Object.entries(UNUSABLE)) {
  test(`a module that ${what} does not keep the other one from running`, async () => {
    using folder = temporaryFolder();
    install(folder.path, 'unusable');
    await using gateway = await startGateway({
      config: tableOf('unusable', '**') + GOOD,
      env: { TIDEGATE_MODULES: folder.path },
    });
    await publishUntil(gateway, 'the fault to be shown', async () => {
      const module = await moduleOf(gateway, 'unusable');
      return module !== undefined && module.state !== 'running' && module.error !== null;
    });
  });
}
