/** What modules knew at an orderly stop, on a real disk: taken once, and only when it is whole. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ModuleStateFolder } from '../../../gateway/src/adapters/files/module-states.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const STATES = new Map([
  ['one', Buffer.from('what one knew')],
  ['two', Buffer.alloc(0)],
]);

const noneDamaged = (name: string) => assert.fail(`${name} is whole`);

test('what was saved is given back once: a life that is killed after it began must not go back to it', () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'states');
  new ModuleStateFolder(path).save(STATES);
  const taken = new ModuleStateFolder(path).takeAll(noneDamaged);
  assert.deepEqual([...taken].sort(), [...STATES]);
  assert.deepEqual(readdirSync(path), []);
  assert.equal(new ModuleStateFolder(path).takeAll(noneDamaged).size, 0);
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
  const taken = new ModuleStateFolder(path).takeAll((name) => damaged.push(name));
  assert.deepEqual([...taken.keys()], ['two']);
  assert.deepEqual(damaged.sort(), ['cut', 'one']);
  assert.deepEqual(readdirSync(path), ['not-ours']);
});

test('where nothing was ever saved there is nothing', () => {
  using folder = temporaryFolder();
  assert.equal(new ModuleStateFolder(join(folder.path, 'none')).takeAll(noneDamaged).size, 0);
});
