/** A new version that never comes back from a call: it is refused, and the version that is live neither stops nor is blamed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { GatewayProcess } from '../../support/gateway-process.ts';
import { LoadClient } from '../../support/load-client.ts';
import { ModuleWorkshop } from '../../support/signed-module.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { BODY, wasmModule } from '../../support/wasm-module.ts';

const LOAD = { series: 4, readingsPerMessage: 1, qos: 1, inFlightMax: 100, firstNumber: 0 } as const;
const LIMITS = { memoryPages: 2, tableElems: 1, codeBytes: 4096, functions: 20, localsPerFunction: 8, outBytes: 4096 };

/** A version of unit-convert in which every call hangs. */
function packHanging(workshop: ModuleWorkshop): Promise<string> {
  const fuel = { fuelPerCall: 10_000_000_000, startFuel: 10_000_000_000 };
  const limits = { ...LIMITS, ...fuel, deadlineMs: 100 };
  return workshop.pack('unit-convert', '2.0.0', 'key', { limits }, wasmModule(BODY.loopForEver));
}

test('a canary that hangs is refused after one worker, and the live version goes on without a row lost or doubled', async () => {
  using folder = temporaryFolder();
  await using gateway = await new GatewayProcess().start();
  const workshop = new ModuleWorkshop(folder.path, gateway);
  // Of another class than the default modules: these stay in their own worker.
  await workshop.trustNewKey('key', 'partner');
  const first = await workshop.pack('unit-convert', '1.0.1', 'key');
  await workshop.module('install', first, '--name', 'convert', '--input', '**');
  const client = new LoadClient({ ...LOAD, port: gateway.mqttPort, name: 'load', messagesPerSecond: 50 });
  await client.start();
  const refusal = await workshop.refused('upgrade', 'convert', await packHanging(workshop));
  assert.match(refusal, /the canary failed: a call outlasted its deadline of 100 ms/);
  await client.stop(10_000);
  assert.equal(client.acknowledged, client.sent);

  const { modules } = await gateway.status();
  const { version, state, traps, failures, error } = modules.find(({ name }) => name === 'convert')!;
  const expected = { version: '1.0.1', state: 'running', traps: 0, failures: 0, error: null };
  assert.deepEqual({ version, state, traps, failures, error }, expected);
  const rowsSaid = async () => {
    const { ledger, modules: all } = await gateway.status();
    return ledger.lanes.aggregate.received - all.find(({ name }) => name === 'w10s')!.rowsOut;
  };
  await eventually('all rows', async () => (await rowsSaid()) >= client.sent);
  assert.equal(await rowsSaid(), client.sent);
  const replaced = gateway.log.match(/module convert: version 2\.0\.0, beside the live one: a call outlasted/g);
  assert.equal(replaced?.length, 1);
});
