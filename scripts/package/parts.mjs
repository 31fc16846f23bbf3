import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { shippedFilesBelow } from '../../gateway/src/main/assets/folders.ts';
import { PROJECT } from '../support/project.mjs';

/** Folders that are shipped whole, for `tidegate module new`, `tidegate install` and their like. */
export const SHIPPED = ['modules/templates', 'modules/sdk-as', 'modules/sdk-c', 'modules/sdk-rust', 'image/systemd'];

/** Files of npm packages that the page asks for. */
const VENDORED = {
  'web/vendor/uPlot.js': 'uplot/dist/uPlot.esm.js',
  'web/vendor/uPlot.css': 'uplot/dist/uPlot.min.css',
};

/** Parts of the executable that are files of the source or were built from it before: name to octets. */
export function fileParts() {
  const parts = {};
  const add = (name, ...path) => {
    parts[name] = readFileSync(join(PROJECT, ...path));
  };
  for (const [set, folder] of [
    ['gateway', 'gateway/migrations'],
    ['sink', 'gateway/migrations/sink'],
  ]) {
    for (const file of namesIn(folder, /\.sql$/)) add(`migrations/${set}/${file}`, folder, file);
  }
  for (const file of namesIn('gateway/web', /\.(html|js|css|svg|png|ico|json)$/)) {
    if (file !== 'tsconfig.json') add(`web/${file}`, 'gateway/web', file);
  }
  for (const [name, path] of Object.entries(VENDORED)) add(name, 'node_modules', path);
  for (const name of Object.keys(parts).filter((name) => name.endsWith('.js'))) {
    parts[name] = shortened(parts[name], { minifyIdentifiers: name in VENDORED });
  }
  for (const id of builtModules()) {
    add(`modules/${id}/manifest.json`, 'modules', id, 'build', 'manifest.json');
    add(`modules/${id}/${id}.wasm`, 'modules', id, 'build', `${id}.wasm`);
  }
  for (const folder of SHIPPED) {
    for (const { path, octets } of shippedFilesBelow(join(PROJECT, folder)))
      parts[`shipped/${folder}/${path}`] = octets;
  }
  add('tidegate.example.toml', 'gateway', 'tidegate.example.toml');
  return parts;
}

/** A script of the page as a device serves it. Names of our own are kept, so that what a browser says of a fault can be read. */
function shortened(script, { minifyIdentifiers }) {
  const options = { minifyWhitespace: true, minifySyntax: true, minifyIdentifiers, legalComments: 'inline' };
  return Buffer.from(transformSync(script, { ...options, format: 'esm', charset: 'utf8' }).code);
}

/** Modules that are built; one whose compiler is not here is left out, and said so. */
export function builtModules() {
  const all = readdirSync(join(PROJECT, 'modules')).filter((id) =>
    existsSync(join(PROJECT, 'modules', id, 'manifest.json')),
  );
  const built = all.filter((id) => existsSync(join(PROJECT, 'modules', id, 'build', 'manifest.json')));
  const left = all.filter((id) => !built.includes(id));
  if (left.length > 0) console.error(`Not built, and so not packaged: modules ${left.join(', ')}.`);
  return built.sort();
}

function namesIn(folder, pattern) {
  return readdirSync(join(PROJECT, folder))
    .filter((name) => pattern.test(name))
    .sort();
}
