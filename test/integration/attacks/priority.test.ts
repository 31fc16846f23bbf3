/** Where processors are short, what others wrote comes last. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { installAttack } from '../../support/attack-module.ts';
import { startAttacked } from '../../support/attack-rig.ts';

/** Nice values of a process's threads of one name, ascending; proc_pid_stat(5). */
function niceOf(pid: number, name: string): number[] {
  const found = readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    const [, comm, rest] = /\((.*)\) (.*)/s.exec(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8'))!;
    return comm === name ? [Number(rest!.split(' ')[16])] : [];
  });
  return found.sort((a, b) => a - b);
}

test('the thread of others’ modules gives way, also the one that follows when it was ended; that of the vendor’s does not', async () => {
  await using rig = await startAttacked({
    install: (folder) => [installAttack(folder, 'loop', { limits: { fuelPerCall: 10_000_000_000, deadlineMs: 300 } })],
  });
  const { pid } = rig.gateway;
  assert.deepEqual(niceOf(pid, 'module'), [0, 10]);
  assert.deepEqual([...niceOf(pid, 'ingest'), ...niceOf(pid, 'store')], [0, 0]);
  rig.attack();
  await rig.failed('loop');
  rig.rest();
  await rig.windowsGoOn();
  assert.deepEqual(niceOf(pid, 'module'), [0, 10]);
});
