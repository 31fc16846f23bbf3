/** One gateway writes to a state folder: the lock within a process, between processes, across network namespaces, and after kill -9. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { test } from 'node:test';
import { lockState } from '../../../gateway/src/adapters/sqlite/state-lock.ts';
import { GatewayError } from '../../../gateway/src/base/errors.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const HOLDER = join(import.meta.dirname, 'lock-holder.ts');
const UNSHARE = ['unshare', '-rn'];
const withoutNamespaces =
  spawnSync(UNSHARE[0]!, [...UNSHARE.slice(1), 'true']).status !== 0 &&
  'a network namespace of its own is not permitted here';

interface Attempt extends AsyncDisposable {
  /** `held`, or the code of the error. */
  readonly code: string;
  readonly message: string;
  readonly child: ChildProcess;
}

/** Another process that tries to take the lock; one that has it keeps it until it is released. */
async function tryFrom(folder: string, before: readonly string[] = []): Promise<Attempt> {
  const [program, ...args] = [...before, process.execPath, HOLDER, folder];
  const child = spawn(program!, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const said = JSON.parse(line) as { code: string; message: string };
  return {
    ...said,
    child,
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}

/** Seen from this process. */
function tryHere(folder: string): string {
  try {
    using _lock = lockState(folder);
    return 'held';
  } catch (error) {
    assert.ok(error instanceof GatewayError, String(error));
    return error.code;
  }
}

test('within one process the lock is taken once, by whatever path, and the refused attempt does not loosen it', async () => {
  using folder = temporaryFolder();
  using others = temporaryFolder();
  const alias = join(others.path, 'alias');
  symlinkSync(folder.path, alias);
  {
    using _lock = lockState(folder.path);
    const inUse = { code: 'conflict', message: /: another Tidegate uses it/ };
    assert.throws(() => lockState(folder.path), inUse);
    assert.throws(() => lockState(alias), inUse);
    await using attempt = await tryFrom(folder.path);
    assert.equal(attempt.code, 'conflict');
  }
  assert.equal(tryHere(folder.path), 'held');
  assert.deepEqual(readdirSync(folder.path), ['lock.db']);
  assert.equal(statSync(join(folder.path, 'lock.db')).size, 0);
});

test('releasing twice is harmless, and takes the lock from nobody', () => {
  using folder = temporaryFolder();
  const first = lockState(folder.path);
  first[Symbol.dispose]();
  using _second = lockState(folder.path);
  first[Symbol.dispose]();
  assert.equal(tryHere(folder.path), 'conflict');
});

test('another process is refused, told who holds the lock, and gets it when it is released', async () => {
  using folder = temporaryFolder();
  {
    await using holder = await tryFrom(folder.path);
    assert.equal(holder.code, 'held');
    assert.throws(() => lockState(folder.path), {
      code: 'conflict',
      message: `state folder ${folder.path}: another Tidegate uses it (process ${holder.child.pid})`,
      hint: /gateway\.state_dir/,
    });
  }
  assert.equal(tryHere(folder.path), 'held');
});

test('a process in another network namespace is refused too', { skip: withoutNamespaces }, async () => {
  using folder = temporaryFolder();
  using _lock = lockState(folder.path);
  await using attempt = await tryFrom(folder.path, UNSHARE);
  assert.deepEqual([attempt.code, /another Tidegate/.test(attempt.message)], ['conflict', true]);
});

test('kill -9 of the holder frees the lock at once', async () => {
  using folder = temporaryFolder();
  await using holder = await tryFrom(folder.path);
  assert.equal(holder.code, 'held');
  const ended = once(holder.child, 'exit');
  holder.child.kill('SIGKILL');
  await ended;
  assert.equal(tryHere(folder.path), 'held');
});

test('of many that start at the same moment one gets it', async () => {
  using folder = temporaryFolder();
  await using attempts = new AsyncDisposableStack();
  const codes = await Promise.all(Array.from({ length: 6 }, async () => attempts.use(await tryFrom(folder.path)).code));
  assert.deepEqual(codes.sort(), [...Array(5).fill('conflict'), 'held']);
});

test('what keeps the lock from being taken otherwise is said as it is', () => {
  using folder = temporaryFolder();
  const broken = join(folder.path, 'lock.db');
  mkdirSync(broken);
  assert.throws(() => lockState(folder.path), { code: 'unavailable', message: /lock\.db: unable to open/ });
  using other = temporaryFolder();
  writeFileSync(join(other.path, 'lock.db'), 'not of SQLite '.repeat(100));
  assert.throws(() => lockState(other.path), { code: 'unavailable', message: /lock\.db: file is not a database/ });
});
