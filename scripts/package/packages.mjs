import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../support/project.mjs';
import { packageOf } from './tarballs.mjs';

/** Packages that end up in the executable by other ways than a bundle, and which way. */
const BY_OTHER_WAYS = {
  uplot: 'files of the page',
  'node-addon-api': 'headers compiled into the native parts',
  assemblyscript: 'standard library compiled into the modules',
};

/**
 * The npm packages of which something is in the executable, by name and version.
 * @param {readonly string[]} inputs files that were bundled, from the project's folder
 * @returns {{path: string, name: string, version: string, licence: string, integrity: string, requires: string[], way: string, texts: {file: string, text: string}[]}[]}
 */
export function bundledPackages(inputs) {
  const lock = JSON.parse(readFileSync(join(PROJECT, 'package-lock.json'), 'utf8')).packages;
  const ways = new Map(Object.entries(BY_OTHER_WAYS).map(([name, way]) => [`node_modules/${name}`, way]));
  for (const input of inputs) {
    const path = packageOf(input);
    if (path !== undefined) ways.set(path, 'bundled');
  }
  return [...ways].map(([path, way]) => describe(path, way, lock[path])).sort((a, b) => (a.path < b.path ? -1 : 1));
}

function describe(path, way, locked) {
  const manifest = JSON.parse(readFileSync(join(PROJECT, path, 'package.json'), 'utf8'));
  return {
    path,
    way,
    name: manifest.name,
    version: manifest.version,
    licence: typeof manifest.license === 'string' ? manifest.license : (manifest.license?.type ?? 'NOASSERTION'),
    integrity: locked?.integrity ?? '',
    lockedVersion: locked?.version ?? '',
    requires: Object.keys(manifest.dependencies ?? {}),
    texts: licenceTexts(path),
  };
}

function licenceTexts(path) {
  const folder = join(PROJECT, path);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => /^(licen[cs]e|notice|copying)/i.test(file) && !/\.(js|ts|json)$/.test(file))
    .sort()
    .map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim() }));
}
