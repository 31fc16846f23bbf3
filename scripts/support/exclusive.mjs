import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartFailure } from './failure.mjs';

const POLL_MS = 200;

/**
 * Runs `work` while no other process runs under the same folder: `mkdir` succeeds for exactly one.
 * A lock whose owner is dead is taken over; a live owner is waited for, at most `waitMs`.
 * @template T
 * @param {string} folder @param {{waitMs: number, onWait: (pid: number) => void}} options `onWait` is called once
 * @param {() => Promise<T>} work @returns {Promise<T>}
 */
export async function exclusively(folder, { waitMs, onWait }, work) {
  const deadlineMs = performance.now() + waitMs;
  mkdirSync(dirname(folder), { recursive: true });
  for (let tries = 0; !take(folder); tries++) {
    const pid = ownerOf(folder);
    if (pid !== undefined && !isAlive(pid)) breakLock(folder, pid);
    else if (performance.now() > deadlineMs) {
      const hint = `When no other start is running, remove the folder ${folder}`;
      throw new StartFailure(`another start (process ${pid}) still holds ${folder} after ${waitMs / 1000} s`, hint);
    } else {
      if (tries === 5) onWait(pid ?? 0);
      await sleep(POLL_MS);
    }
  }
  const release = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

function take(folder) {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw new StartFailure(`lock folder ${folder}: ${error.message}`, 'The checkout must be writable.');
  }
  writeFileSync(join(folder, 'owner'), String(process.pid));
  return true;
}

/** Undefined while the owner has not yet written its name, or the lock has just gone. */
function ownerOf(folder) {
  try {
    return Number(readFileSync(join(folder, 'owner'), 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Renames before it removes, and looks again: of two that saw the same dead owner, the second must not take the first's new lock. */
function breakLock(folder, deadPid) {
  const aside = `${folder}.dead-${process.pid}`;
  try {
    renameSync(folder, aside);
    if (ownerOf(aside) === deadPid) rmSync(aside, { recursive: true, force: true });
    else renameSync(aside, folder);
  } catch {
    // Somebody else has broken or taken the lock meanwhile: the next turn of the loop sees what holds now.
  }
}
