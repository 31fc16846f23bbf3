/** Modules that take what they can get: memory, tables, stack, time. Each is ended and says why, and nobody else loses a reading by it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { installAttack, installBinary } from '../../support/attack-module.ts';
import { fuelForger, tableBomb } from '../../support/attack-octets.ts';
import { startAttacked } from '../../support/attack-rig.ts';

const OUT_OF_FUEL = /gw_on_batch: more than 20000000 units of fuel used/;
const ENDED: Readonly<Record<string, RegExp>> = {
  'memory-bomb': /unreachable/,
  'table-bomb': OUT_OF_FUEL,
  loop: OUT_OF_FUEL,
  'forged-fuel': OUT_OF_FUEL,
  recursion: /call stack/,
  'recursion-with-log': /call stack/,
  'recursion-in-init': /call stack/,
};

test('memory, tables, recursion and loops are ended one by one, memory comes back, and the honest modules count every reading once', async () => {
  await using rig = await startAttacked({
    install: (folder) => {
      const outBytes = 4096;
      installBinary(folder, 'table-bomb', tableBomb(), { limits: { outBytes } });
      installBinary(folder, 'forged-fuel', fuelForger(), { limits: { outBytes } });
      return [
        ...['table-bomb', 'forged-fuel'],
        installAttack(folder, 'memory-bomb'),
        installAttack(folder, 'loop'),
        installAttack(folder, 'recursion'),
        installAttack(folder, 'recursion-with-log'),
        installAttack(folder, 'recursion-in-init'),
      ];
    },
  });
  const before = rig.anonymousBytes();
  rig.attack();
  for (const [name, reason] of Object.entries(ENDED)) {
    const { error, restarts } = await rig.failed(name, 2);
    assert.match(error ?? '', reason, name);
    assert.ok(restarts >= 2, name);
  }
  await rig.logSays(/module memory-bomb: version 1\.0\.0 failed: unreachable; new instance in \d+ ms/);
  await rig.assertWell();
  rig.rest();
  await rig.memoryBackTo(before);
  await rig.moduleWhere('loop', 'to run again', ({ state }) => state === 'running');
  await rig.assertNothingLost();
});
