import { test } from 'node:test';
import { installBinary } from '../../support/attack-module.ts';
import { MISSHAPEN } from '../../support/attack-octets.ts';
import { startAttacked } from '../../support/attack-rig.ts';
for (const [id, {wasm, reason}] of Object.entries(MISSHAPEN)) 
test('probe ' + id, async () => {
  await using rig = await startAttacked({
    install: (folder) => { installBinary(folder, id, wasm, { limits: { outBytes: 4096 } }); return [id]; },
  });
  rig.attack();
  await new Promise((r) => setTimeout(r, 500));
    const m = await rig.module(id);
    console.log(id, m.state, m.error, m.traps, reason.test(m.error ?? ''));
  await rig.assertWell();
  await rig.assertNothingLost();
});
