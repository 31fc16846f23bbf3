import { existsSync, realpathSync } from 'node:fs';
import { StartFailure } from '../support/failure.mjs';

/** What a shell gives a meaning of its own: make and node-gyp hand paths of the build to one without quoting them. */
const SPECIAL = /[\s'"`$&;|<>()\\#*?]/;

/** @param {Record<string, string>} folders path by what it is @throws {StartFailure} naming the path that compilers would misread. */
export function expectPlainPaths(folders) {
  for (const [what, path] of Object.entries(folders)) {
    for (const one of [path, existsSync(path) ? realpathSync(path) : path]) {
      const found = SPECIAL.exec(one)?.[0];
      if (found === undefined) continue;
      throw new StartFailure(
        `${what} ${one}: a path without spaces and without ' " \` $ & ; | < > ( ) \\ # * ? expected, ${JSON.stringify(found)} found`,
        what === 'checkout' ? 'Move or clone it to a plain path.' : `Name a plain path with ${what}.`,
      );
    }
  }
}
