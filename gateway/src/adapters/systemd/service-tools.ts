/** The programs of systemd that an installation calls. Each is bounded in time; none asks anything. */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { GatewayError } from '../../base/errors.ts';

const TIMEOUT_MS = 60_000;

/** systemd runs this machine: without it there is nobody to reload. See sd_booted(3). */
export function isBooted(): boolean {
  return fs.existsSync('/run/systemd/system');
}

/** Makes the user that a file of sysusers.d names, unless there is one. @throws GatewayError `unavailable`. */
export function makeUser(sysusers: string): void {
  runTool(
    'systemd-sysusers',
    [sysusers],
    'Make the user by hand: useradd --system --home-dir /var/lib/tidegate tidegate',
  );
}

/** Sets owners and modes that a file of tmpfiles.d names. @throws GatewayError `unavailable`. */
export function setOwners(tmpfiles: string): void {
  runTool('systemd-tmpfiles', ['--create', tmpfiles], 'chgrp tidegate /etc/tidegate/tidegate.toml');
}

/** @throws GatewayError `unavailable` with systemd's own words. */
export function systemctl(...words: string[]): void {
  runTool('systemctl', words, 'See: systemctl status tidegate; journalctl -u tidegate');
}

/** Whether the service runs now. */
export function isActive(): boolean {
  try {
    systemctl('--quiet', 'is-active', 'tidegate.service');
    return true;
  } catch {
    // Any other state, or no systemd: in both cases it does not run.
    return false;
  }
}

function runTool(name: string, args: readonly string[], hint: string): void {
  try {
    execFileSync(name, args, { timeout: TIMEOUT_MS, stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: Buffer };
    const said = code === 'ENOENT' ? 'no such program' : stderr?.toString('utf8').trim() || String(error);
    throw new GatewayError('unavailable', `${name} ${args.join(' ')}: ${said}`, { cause: error, hint });
  }
}
