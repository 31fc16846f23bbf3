import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from './project.mjs';

/**
 * The test files under a folder, sorted, as paths from the project's top folder; none when the folder is not there.
 * @param {string} folder @param {readonly string[]} filters a file is taken when its path holds one of them, or when there are none
 * @returns {string[]}
 */
export function testFiles(folder, filters) {
  const found = [];
  const walk = (path) => {
    for (const entry of readdirSync(join(PROJECT, path), { withFileTypes: true })) {
      const child = `${path}/${entry.name}`;
      if (entry.isDirectory()) walk(child);
      else if (entry.name.endsWith('.test.ts')) found.push(child);
    }
  };
  try {
    walk(folder);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  return found.sort().filter((path) => filters.length === 0 || filters.some((filter) => path.includes(filter)));
}
