import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, GatewayError } from '../../base/errors.ts';
import { isNamedByEnvironment, isReplaceable } from '../assets/native-folder.ts';

/** Why a temporary folder cannot be made, by the code of the system call. */
const WHY_NOT: Partial<Record<string, string>> = {
  ENOENT: 'no such folder',
  ENOTDIR: 'a folder expected, a file found',
  EROFS: 'the file system is read-only',
  EACCES: 'not writable',
  EPERM: 'not writable',
  ENOSPC: 'the disk is full',
};

/** A folder of our own, for no other user to enter. @throws GatewayError `unavailable` with what is wrong with `base`. */
export function temporaryFolder(base: string): Disposable & { readonly path: string } {
  try {
    const path = mkdtempSync(join(base, 'tidegate-self-test-'));
    return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
  } catch (error) {
    const errno = errnoOf(error) ?? '';
    const found = WHY_NOT[errno] ?? 'no folder can be made there';
    throw new GatewayError('unavailable', `temporary folder in ${base}: ${found} (${errno})`, {
      hint: 'Name another place for it with --dir, or with TMPDIR.',
    });
  }
}

/**
 * Where the self-test puts native parts that the environment names no place for, as where an update runs it: into a temporary folder, which goes
 * with them. One that the caller named comes before what the environment names, but for TIDEGATE_NATIVE_DIR. Made when it is first asked for.
 * @param base in which it is made @param isNamed whether the caller named `base`
 */
export class NativeScratch implements Disposable {
  readonly #base: string;
  readonly #isNeeded: boolean;
  #folder: ReturnType<typeof temporaryFolder> | undefined;

  constructor(base: string, isNamed: boolean, env: NodeJS.ProcessEnv) {
    this.#base = base;
    this.#isNeeded = !env.TIDEGATE_NATIVE_DIR && (isNamed || !isNamedByEnvironment(env));
  }

  /** @returns undefined when none is needed. @throws GatewayError `unavailable`, or `denied` where others could put theirs in its place. */
  path(): string | undefined {
    if (!this.#isNeeded) return undefined;
    this.#folder ??= temporaryFolder(this.#base);
    if (isReplaceable(realpathSync(this.#folder.path))) {
      throw new GatewayError('denied', `native parts in ${this.#base}: anyone may rename what is in it, or above it`, {
        hint: 'Name a private folder with --dir, or with TIDEGATE_NATIVE_DIR.',
      });
    }
    return this.#folder.path;
  }

  [Symbol.dispose](): void {
    this.#folder?.[Symbol.dispose]();
  }
}
