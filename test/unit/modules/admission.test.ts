/** Every module of this repository is let in by the guard under its own manifest, and full as it can be, stays within its fuel. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admitModule } from '../../../gateway/src/core/modules/admission.ts';
import { parseManifest } from '../../../gateway/src/core/modules/manifest.ts';
import { FUEL_EXPORT } from '../../../gateway/src/core/modules/ports.ts';
import { buildMissing, Gw1Module, loadModule } from './gw1-module.ts';

const IDS = ['window-aggregate', 'threshold-alarm', 'anomaly', 'unit-convert', 'deadband', 'echo-function'];
const SERIES_MAX = 10_000;
const ROWS = 5000;

for (const id of IDS) {
  const skip = buildMissing(id);
  test(`${id} is admitted, and 10,000 series use less than its fuel a call`, { skip }, (t) => {
    const { manifest: given, binary } = loadModule(id);
    const manifest = parseManifest(JSON.stringify(given));
    const terms = {
      imports: new Set<string>(),
      validate: (wasm: Uint8Array) => WebAssembly.validate(Uint8Array.from(wasm)),
      cache: null,
    };
    const admitted = Uint8Array.from(admitModule(binary, manifest, terms));
    if (manifest.kind === 'function') return;

    const module = new Gw1Module(admitted);
    const fuel = (module.exports as unknown as Record<string, WebAssembly.Global>)[FUEL_EXPORT]!;
    let most = 0n;
    const metered = <T>(limit: number, call: () => T): T => {
      fuel.value = BigInt(limit);
      const result = call();
      const used = BigInt(limit) - (fuel.value as bigint);
      if (used > most) most = used;
      return result;
    };
    const { fuelPerCall, startFuel } = manifest.limits;
    assert.equal(
      metered(startFuel, () => module.init([manifest.config.map((field) => field.default)])),
      0,
    );
    for (let round = 0; round < 24; round++) {
      for (let from = 0; from < SERIES_MAX; from += ROWS) {
        const rows = Array.from({ length: ROWS }, (_, i) => ({ ts: 1000 * round, v: (i * round) % 17, id: from + i }));
        assert.equal(metered(fuelPerCall, () => module.batch(rows)).error, 0);
      }
      metered(fuelPerCall, () => module.tick(1000 * round));
    }
    if (manifest.state !== null) {
      const pages = metered(fuelPerCall, () => module.snapshot());
      assert.ok(pages.length > 1);
      assert.equal(
        metered(fuelPerCall, () => module.restore(pages)),
        0,
        'all its pages on the fuel of one call',
      );
    }
    t.diagnostic(`at most ${((Number(most) / fuelPerCall) * 100).toFixed(1)} % of its fuel a call`);
  });
}
