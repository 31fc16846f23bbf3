import assert from 'node:assert/strict';
import { scryptSync } from 'node:crypto';
import { test } from 'node:test';
import { Access, covers, type MqttUser } from '../../../gateway/src/adapters/mqtt/access.ts';

function user(name: string, password: string, filters: Partial<MqttUser> = {}): MqttUser {
  const salt = Buffer.from('a salt of some octets');
  const hash = scryptSync(password, salt, 32, { N: 1024, r: 8, p: 1 });
  const passwordHash = `scrypt$1024$8$1$${salt.toString('base64')}$${hash.toString('base64')}`;
  return { name, passwordHash, publish: ['#'], subscribe: ['#'], ...filters };
}

const asks = (access: Access, name: string | null, password: string | null) => {
  return access.permissionsOf(name, password === null ? null : Buffer.from(password));
};

test('without users everybody may do everything', async () => {
  const permissions = await asks(new Access([]), null, null);
  assert.ok(permissions?.mayPublishAll && permissions.mayPublish('x') && permissions.maySubscribe('#'));
});

test('a right password opens, and everything else does not, also the second time', async () => {
  const access = new Access([user('ann', 'right horse'), user('bob', 'other horse')]);
  for (let round = 0; round < 2; round++) {
    assert.ok(await asks(access, 'ann', 'right horse'));
    assert.equal(await asks(access, 'ann', 'wrong horse'), null);
    assert.equal(await asks(access, 'ann', 'other horse'), null, "another user's password");
    assert.equal(await asks(access, 'ann', ''), null);
    assert.equal(await asks(access, 'eve', 'right horse'), null, 'an unknown name');
    assert.equal(await asks(access, null, null), null);
    assert.equal(await asks(access, 'ann', null), null);
  }
});

test('a crowd of clients that connect at once is let in, every one of them', async () => {
  const users = Array.from({ length: 20 }, (_, i) => user(`u${i}`, `password ${i}`));
  const access = new Access(users);
  const answers = await Promise.all(users.map((one, i) => asks(access, one.name, `password ${i}`)));
  assert.equal(answers.filter((answer) => answer === null).length, 0);
});

test('topics are permitted by filter', async () => {
  const access = new Access([
    user('ann', 'right horse', { publish: ['sensors/ann/#'], subscribe: ['commands/ann/#', 'all/+'] }),
  ]);
  const permissions = (await asks(access, 'ann', 'right horse'))!;
  assert.equal(permissions.mayPublishAll, false);
  assert.ok(permissions.mayPublish('sensors/ann/t'));
  assert.ok(!permissions.mayPublish('sensors/bob/t'));
  assert.ok(permissions.maySubscribe('commands/ann/+/x'));
  assert.ok(permissions.maySubscribe('all/+'));
  assert.ok(!permissions.maySubscribe('all/#'));
  assert.ok(!permissions.maySubscribe('#'));
  assert.ok(!permissions.maySubscribe('commands/+/x'));
});

const COVERS: readonly [have: string, want: string, covers: boolean][] = [
  ['a/#', 'a', true],
  ['a/#', 'a/#', true],
  ['a/#', 'a/+/b/#', true],
  ['a/+', 'a/b', true],
  ['a/+', 'a/+', true],
  ['a/+', 'a/#', false],
  ['a/+', 'a', false],
  ['a/b', 'a/+', false],
  ['+', '#', false],
  ['+/a', '$SYS/a', false],
  ['#', '$SYS/a', false],
  ['$SYS/#', '$SYS/a', true],
];

for (const [have, want, isCovered] of COVERS) {
  test(`permission ${have} ${isCovered ? 'covers' : 'does not cover'} ${want}`, () =>
    assert.equal(covers(have, want), isCovered));
}
