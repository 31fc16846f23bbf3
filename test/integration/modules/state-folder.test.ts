/** What modules knew at an orderly stop, on a real disk: used once, kept while its module does not run, and only what is whole. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ModuleStateFolder } from '../../../gateway/src/adapters/files/module-states.ts';
import type { ModuleUse } from '../../../gateway/src/core/modules/use.ts';
import { type Modules, startModules } from '../../../gateway/src/main/modules/start-modules.ts';
import type { SharedParts } from '../../../gateway/src/main/thread-messages.ts';
import { InProcessThread } from '../../support/hosted-in-process.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { SERIES } from '../../unit/modules/hosting/hosting-rig.ts';
import { FIXED, LifeWorld } from './life-world.ts';

const STATES = new Map([
  ['one', Buffer.from('what one knew')],
  ['two', Buffer.alloc(0)],
]);

const noneDamaged = (name: string) => assert.fail(`${name} is whole`);

test('what was saved is given back until it is used up, and no other with it', () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'states');
  new ModuleStateFolder(path).save(STATES);
  const states = new ModuleStateFolder(path);
  assert.deepEqual([...states.read(noneDamaged)].sort(), [...STATES]);
  assert.deepEqual([...states.read(noneDamaged)].sort(), [...STATES]);
  states.remove('one');
  states.remove('none of that name');
  assert.deepEqual([...new ModuleStateFolder(path).read(noneDamaged).keys()], ['two']);
});

test('what is kept is one file for each of the names, and nothing else', () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'states');
  const states = new ModuleStateFolder(path);
  states.save(STATES);
  states.save(new Map([['gone', Buffer.from('of a module that is configured no more')]]));
  writeFileSync(join(path, 'two.state.tmp'), 'of a save that was cut short');
  states.keepOnly(new Set(['two', 'never saved']));
  assert.deepEqual(readdirSync(path), ['two.state']);
  states.keepOnly(new Set());
  assert.deepEqual(readdirSync(path), []);
});

test('a state that was cut or altered is named and left out, and the others are given back', () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'states');
  new ModuleStateFolder(path).save(STATES);
  const file = join(path, 'one.state');
  const octets = readFileSync(file);
  octets[3]! ^= 1;
  writeFileSync(file, octets);
  writeFileSync(join(path, 'cut.state'), octets.subarray(0, 10));
  mkdirSync(join(path, 'not-ours'));
  const damaged: string[] = [];
  const states = new ModuleStateFolder(path);
  assert.deepEqual([...states.read((name) => damaged.push(name)).keys()], ['two']);
  assert.deepEqual(damaged.sort(), ['cut', 'one']);
  states.keepOnly(new Set(['cut', 'one']));
  assert.deepEqual(readdirSync(path), ['not-ours']);
});

test('where nothing was ever saved there is nothing', () => {
  using folder = temporaryFolder();
  const states = new ModuleStateFolder(join(folder.path, 'none'));
  assert.equal(states.read(noneDamaged).size, 0);
  states.keepOnly(new Set());
  states.remove('one');
});

/** The modules of a world's configuration and of its database, in this process. */
async function startIn(world: LifeWorld): Promise<Modules> {
  return startModules({
    ...{ config: { ...world.settings, module: world.config }, paths: world.paths, database: world.database },
    ...{ gatewayId: 'gw1', derivedPerClass: 1000, series: () => SERIES, raisedAlarms: async () => [] },
    // Only workers have to do with it.
    shared: {} as SharedParts,
    makeThread: (parts) => new InProcessThread(parts),
    ...{ connectIngest: () => undefined, connectStore: async () => undefined },
    ...{ onNotice: () => undefined, log: () => undefined },
  });
}

test('a start uses up the states of modules that run, keeps those of modules that do not, and drops those of no module', async () => {
  const off = { ...FIXED, name: 'off', enabled: false };
  const refused = { ...FIXED, name: 'refused', module: 'no-such-module' };
  await using world = new LifeWorld(undefined, [FIXED, off, refused] as unknown as LifeWorld['config']);
  const path = join(world.paths.modules, 'states');
  const states = new Map(['fixed', 'off', 'refused', 'gone'].map((name) => [name, Buffer.from(name)]));
  new ModuleStateFolder(path).save(states);
  await using modules = await startIn(world);
  assert.deepEqual(readdirSync(path).sort(), ['off.state', 'refused.state']);
  const use = modules.host.useOf('off')!;
  await modules.host.put({ ...use, version: null });
  assert.deepEqual(readdirSync(path).sort(), ['off.state', 'refused.state'], 'it is disabled still');
  await modules.host.put({ ...use, version: null, enabled: true } satisfies ModuleUse);
  assert.deepEqual(
    readdirSync(path),
    ['refused.state'],
    'it has begun anew: a kill from here on must not bring it back',
  );
  await modules.host.remove('refused');
  assert.deepEqual(readdirSync(path), []);
});
