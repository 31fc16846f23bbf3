/** Executables as `npm run package` makes them, for tests that run them. */
import { fileURLToPath } from 'node:url';
import { findBinary, skipWithout } from './require.ts';
import { runProgram } from './run-program.ts';

const SCRIPT = fileURLToPath(new URL('../../scripts/package.mjs', import.meta.url));
const BUILD_TIMEOUT_MS = 240_000;

export type Target = 'linux-arm64' | 'linux-x64';

export const HOST_TARGET = `${process.platform}-${process.arch}` as Target;

const TRIPLETS = { 'linux-arm64': 'aarch64-linux-gnu', 'linux-x64': 'x86_64-linux-gnu' } as const;
const EMULATORS = { 'linux-arm64': 'qemu-aarch64-static', 'linux-x64': 'qemu-x86_64-static' } as const;

/** For the `skip` of a test: why a target cannot be built, or built and run, here; false when it can. */
export function skipWithoutTools(target: Target): string | false {
  const common = ['make', 'python3', 'zstd', 'xz'];
  if (target === HOST_TARGET) return skipWithout(...common, 'g++', 'strip');
  if (process.platform !== 'linux') return `packaging works on Linux, this is ${process.platform}`;
  return skipWithout(...common, `${TRIPLETS[target]}-g++`, EMULATORS[target]);
}

/** What comes before a verb: the executable, in an emulated Cortex-A53 where it is not for this machine. */
export function programOf(target: Target, file: string): string[] {
  if (target === HOST_TARGET) return [file];
  const cpu = target === 'linux-arm64' ? ['-cpu', 'cortex-a53'] : [];
  return [findBinary(EMULATORS[target])!, ...cpu, '-L', `/usr/${TRIPLETS[target]}`, file];
}

/**
 * Builds into `<folder>/out`, with every intermediate file below the folder too. @returns the folder of the results.
 * @throws Error with the build's output when it fails.
 */
export async function buildPackage(target: Target, folder: string, ...more: string[]): Promise<string> {
  const out = `${folder}/out`;
  const args = ['--target', target, '--out', out, '--work', `${folder}/work`, '--no-compress', ...more];
  const { code, stdout, stderr } = await runProgram(process.execPath, [SCRIPT, ...args], {
    timeoutMs: BUILD_TIMEOUT_MS,
  });
  if (code !== 0) throw new Error(`npm run package ended with ${code}: ${stdout}\n${stderr}`);
  return out;
}

const urlOf = (file: string) => JSON.stringify(new URL(`../../scripts/package/${file}`, import.meta.url).href);

/** Compiles the addons for this machine, where a checkout finds them. */
export async function buildNativeParts(work: string): Promise<void> {
  const script = `import { nativeParts } from ${urlOf('native-parts.mjs')};
import { pinnedNode } from ${urlOf('pinned-node.mjs')};
import { targetOf } from ${urlOf('targets.mjs')};
const [target, work] = [targetOf(${JSON.stringify(HOST_TARGET)}), ${JSON.stringify(work)}];
await nativeParts(target, await pinnedNode(target, work), work);`;
  const args = ['--input-type=module', '--eval', script];
  const { code, stderr } = await runProgram(process.execPath, args, { timeoutMs: BUILD_TIMEOUT_MS });
  if (code !== 0) throw new Error(`the native parts could not be made: ${stderr}`);
}
