/** How grave the link calls its turns. Nothing listens where it goes. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { NatsLink, type NatsSettings } from '../../../gateway/src/adapters/nats/link.ts';
import { systemClock } from '../../../gateway/src/base/clock.ts';
import { seededRandom } from '../../../gateway/src/base/random.ts';
import { eventually } from '../../support/eventually.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const NONE = { passwordFile: '', nkeyFile: '', credsFile: '', caFile: '', certFile: '', keyFile: '', user: '' };

async function firstTurn(settings: Partial<NatsSettings>): Promise<string> {
  const turns: string[] = [];
  const link = new NatsLink({ ...NONE, servers: ['127.0.0.1:1'], ...settings }, 'test', systemClock, seededRandom(1));
  await using _closed = link;
  link.onTurn((text, level) => turns.push(`${level} ${text}`));
  link.start();
  await eventually('a turn', () => turns.length > 0);
  return turns[0]!;
}

test('a server that is not there is a warning', async () => {
  assert.match(await firstTurn({}), /^warn link down: 127\.0\.0\.1:1: /);
});

test('a named file that cannot be read is an error, with its path and the settings to look at', async () => {
  using folder = temporaryFolder();
  const missing = join(folder.path, 'missing');
  const there = join(folder.path, 'there.pem');
  writeFileSync(there, '');
  for (const settings of [
    { user: 'u', passwordFile: missing },
    { nkeyFile: missing },
    { credsFile: missing },
    { caFile: missing },
    { certFile: there, keyFile: missing },
  ]) {
    const turn = await firstTurn(settings);
    assert.match(turn, /^error link down: .*file .*missing cannot be read: ENOENT.*sync names: password_file/);
  }
});
