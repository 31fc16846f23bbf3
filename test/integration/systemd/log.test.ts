/** The log of a process whose standard error is, or is not, the journal's socket. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '../../support/eventually.ts';
import { startGateway } from '../../support/gateway-process.ts';
import { Inspector } from '../../support/inspector.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const LOG = new URL('../../../gateway/src/main/service/log.ts', import.meta.url);
const SCRIPT = `const { createLog } = await import(${JSON.stringify(LOG.href)});
const log = createLog('info');
log('error', 'one\\ntwo'); log('warn', 'three'); log('info', 'four'); log('debug', 'five');`;

/** What is written while standard error is a file, which the environment names as the journal, or names another. */
function written(isJournal: boolean): string {
  using folder = temporaryFolder();
  const path = join(folder.path, 'stderr');
  const descriptor = openSync(path, 'w');
  const { dev, ino } = fstatSync(descriptor, { bigint: true });
  const env = { ...process.env, JOURNAL_STREAM: `${dev}:${isJournal ? ino : ino + 1n}` };
  spawnSync(process.execPath, ['--input-type=module', '-e', SCRIPT], { stdio: ['ignore', 'ignore', descriptor], env });
  closeSync(descriptor);
  return readFileSync(path, 'utf8');
}

test('to the journal a line begins with its priority', () => {
  assert.equal(written(true), '<3>one two\n<4>three\n<6>four\n');
});

test('to anything else, even where the variable was inherited, with time and level', () => {
  assert.match(written(false), /^\S+Z error one two\n\S+Z warn three\n\S+Z info four\n$/);
});

test('a mistake of the program ends it, in one line', async () => {
  await using gateway = await startGateway({ env: { NODE_OPTIONS: '--inspect=0' } });
  using inspector = await Inspector.attach(gateway.log);
  await inspector.evaluate(`setTimeout(() => { throw new Error('a mistake\\nof two lines') }), 0`);
  await eventually('its last words', () => gateway.log.includes('a mistake'));
  const [line, ...more] = gateway.log.split('\n').filter((text) => text.includes('a mistake') || /^\s+at /.test(text));
  assert.match(line!, /^\S+Z error internal: a mistake of two lines at /);
  assert.deepEqual(more, []);
});
