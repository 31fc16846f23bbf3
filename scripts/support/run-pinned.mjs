import { isAbsolute, join } from 'node:path';
import { prepare } from './prepare.mjs';
import { PROJECT } from './project.mjs';
import { runInPlace } from './run-child.mjs';

/**
 * Prepares, then runs a file of the project on the pinned Node in our place.
 * @param {string} file absolute, or from the project's top folder @param {readonly string[]} args
 * @returns {Promise<number>} its exit code
 */
export async function runPinned(file, args) {
  const { node } = await prepare();
  return await runInPlace(node, [isAbsolute(file) ? file : join(PROJECT, file), ...args]);
}
