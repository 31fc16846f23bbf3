/** Packages that must not come in through `tidegate module install` and `upgrade`: each is refused with its reason, and what runs goes on. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { octetModule } from '../../support/attack-octets.ts';
import { type GatewayProcess, startGateway } from '../../support/gateway-process.ts';
import { ModuleWorkshop } from '../../support/signed-module.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { leb } from '../../support/wasm-builder.ts';
import { RawClient } from '../../unit/mqtt/raw-client.ts';

const REFERENCE =
  '[[module]]\nname = "ref"\nmodule = "window-aggregate"\n[[module.input]]\nseries = "**"\nconfig = { windowMs = 100 }\n';

function changeManifest(folder: string, changes: Record<string, unknown>): void {
  const path = join(folder, 'manifest.json');
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...changes }, null, 2));
}

function replaceBinary(folder: string, wasm: Uint8Array): void {
  writeFileSync(join(folder, 'window-aggregate.wasm'), wasm);
  changeManifest(folder, { sha256: createHash('sha256').update(wasm).digest('hex') });
}

/** Binaries with what no module may have, by the version that they claim to be. */
const BINARIES: Readonly<Record<string, { readonly wasm: () => Uint8Array; readonly reason: RegExp }>> = {
  '2.2.0': { wasm: () => octetModule({ gw_fuel: { code: [] } }), reason: /gw_fuel/ },
  '2.3.0': {
    wasm: () => octetModule({}, { extra: { 3: [...leb(300_000), ...new Array<number>(300_000).fill(0)] } }),
    reason: /functions.*200.*300000/,
  },
  '2.4.0': {
    wasm: () => octetModule({}, { extra: { 0: [1, 0x78, ...new Array<number>(300_000).fill(0)] } }),
    reason: /custom/,
  },
  '2.5.0': { wasm: () => octetModule().subarray(0, -7), reason: /module/ },
};

async function isWell(gateway: GatewayProcess, client: RawClient): Promise<void> {
  client.publish('sensors/plant/x', '1', 1, 1);
  await client.next('puback');
  assert.equal((await fetch(new URL('/healthz', gateway.web))).status, 200);
  const { modules, ledger } = await gateway.status();
  assert.deepEqual(
    modules.map(({ name, version, state }) => [name, version, state]),
    [
      ['ref', modules[0]!.version, 'running'],
      ['win', '2.1.0', 'running'],
    ],
  );
  assert.ok(ledger.balanced);
}

test('missing, stale and forged signatures and downgrades do not come in', async () => {
  using folder = temporaryFolder();
  await using gateway = await startGateway({ config: REFERENCE });
  const workshop = new ModuleWorkshop(folder.path, gateway);
  await workshop.trustNewKey('acme');
  const old = await workshop.pack('window-aggregate', '2.0.0', 'acme');
  const good = await workshop.pack('window-aggregate', '2.1.0', 'acme');
  await workshop.module('install', good, '--name', 'win', '--input', '**');
  using client = await RawClient.connect(gateway.mqttPort, 'c');
  const upgrade = (from: string) => workshop.refused('upgrade', 'win', from, '--compare', '100ms', '--watch', '100ms');

  const unsigned = await workshop.pack('window-aggregate', '2.1.1', 'acme');
  rmSync(join(unsigned, 'signature.json'));
  assert.match(await upgrade(unsigned), /signature/, 'none');
  const stale = await workshop.pack('window-aggregate', '2.1.2', 'acme');
  cpSync(join(good, 'signature.json'), join(stale, 'signature.json'));
  assert.match(await upgrade(stale), /signature/, 'of another version');
  const changed = await workshop.pack('window-aggregate', '2.1.3', 'acme');
  changeManifest(changed, { limits: { memoryPages: 1024 } });
  assert.match(await upgrade(changed), /signature/, 'of what was there before it was changed');
  assert.match(await upgrade(old), /2\.0\.0/, 'a downgrade');
  await isWell(gateway, client);

  assert.equal(await gateway.stop(), 0, gateway.log);
});

test('binaries that the guard refuses do not come in, even where nobody has to sign', async () => {
  using folder = temporaryFolder();
  await using gateway = await startGateway({ config: REFERENCE, modules: 'developer_mode = true' });
  const workshop = new ModuleWorkshop(folder.path, gateway);
  await workshop.trustNewKey('acme');
  await workshop.module(
    'install',
    await workshop.pack('window-aggregate', '2.1.0', 'acme'),
    '--name',
    'win',
    '--input',
    '**',
  );
  using client = await RawClient.connect(gateway.mqttPort, 'c');
  for (const [version, { wasm, reason }] of Object.entries(BINARIES)) {
    const bad = await workshop.pack('window-aggregate', version, 'acme');
    rmSync(join(bad, 'signature.json'));
    replaceBinary(bad, wasm());
    assert.match(await workshop.refused('install', bad, '--name', 'bad', '--input', '**'), reason, version);
  }
  await isWell(gateway, client);
  assert.equal(await gateway.stop(), 0, gateway.log);
});
