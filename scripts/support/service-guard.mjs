import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import process from 'node:process';

/** Debian's packages ask this program before they start a service; 101 means "not allowed". See invoke-rc.d(8). */
const POLICY_FILE = '/usr/sbin/policy-rc.d';
const MARK = 'Left by a Tidegate test run that was installing packages; safe to remove.';

/**
 * Runs `work` while newly installed packages may not start their services: tests start their own brokers on their own ports.
 * A policy that somebody else has set is kept, for it is his word; our own is removed even when we are interrupted.
 * @template T @param {() => Promise<T>} work @returns {Promise<T>}
 */
export async function withoutServiceStarts(work) {
  removeOurPolicy(); // from a run that was killed
  try {
    writeFileSync(POLICY_FILE, `#!/bin/sh\n# ${MARK}\nexit 101\n`, { mode: 0o755, flag: 'wx' });
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  const onSignal = (signal) => {
    removeOurPolicy();
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    return await work();
  } finally {
    removeOurPolicy();
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

function removeOurPolicy() {
  try {
    if (readFileSync(POLICY_FILE, 'utf8').includes(MARK)) rmSync(POLICY_FILE);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}
