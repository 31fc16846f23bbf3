import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryFolder extends Disposable {
  readonly path: string;
}

/** A folder of one test's own, gone with `using`. With `copyOf` it begins as a copy: of a state folder in use, what a crash leaves. */
export function temporaryFolder(copyOf?: string): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), 'tidegate-'));
  if (copyOf !== undefined) cpSync(copyOf, path, { recursive: true });
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
