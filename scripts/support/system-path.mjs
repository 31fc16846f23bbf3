// The PATH as the person has it, without the folders of npm packages.
import { delimiter, join } from 'node:path';
import process from 'node:process';

/**
 * npm puts `node_modules/.bin` in front of the PATH of its scripts, and clang runs whatever `wasm-opt` it finds there: one that came with a
 * package does not fit what clang has made.
 * @param {string} [path]
 * @returns {string}
 */
export function systemPath(path = process.env.PATH ?? '') {
  return path
    .split(delimiter)
    .filter((folder) => !folder.endsWith(join('node_modules', '.bin')))
    .join(delimiter);
}
