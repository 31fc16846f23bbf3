/** Kernels in wazero, by way of buf: it runs `_start` of a module that is configured as its plugin, and then complains that it is none. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { cpuOf } from './kernels.ts';

/**
 * buf makes its run-time with `WithCloseOnContextDone(true)`: wazero with interruption, the way to run what one does not trust.
 * @param module path of a module whose `_start` does the work.
 * @returns milliseconds of processor time of the whole program.
 */
export function runInWazero(buf: string, module: string): number {
  const folder = join(dirname(module), `${basename(module)}.plugin`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'buf.yaml'), `version: v2\nplugins:\n  - plugin: ${module}\n`);
  return cpuOf(buf, ['config', 'ls-lint-rules', '--configured-only'], folder);
}
