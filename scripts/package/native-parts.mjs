import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { PROJECT } from '../support/project.mjs';
import { runStep } from './run.mjs';

const NODE_GYP = join(PROJECT, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js');
/** Where a checkout looks for addons of this machine (gateway/src/main/assets/checkout.ts). */
const OF_CHECKOUT = join(PROJECT, '.cache', 'package', 'native');

/**
 * The native addons for a target, by name: better-sqlite3 ships its own, ours are compiled.
 * @returns {Promise<Record<string, Buffer>>}
 */
export async function nativeParts(target, node, work) {
  const prebuilt = join(PROJECT, 'node_modules', 'better-sqlite3', 'prebuilds', `${target.name}.node`);
  return {
    better_sqlite3: readFileSync(prebuilt),
    build_info: await compile('build-info', target, node, work),
    memory_release: await compile('memory-release', target, node, work),
    service_notify: await compile('service-notify', target, node, work),
  };
}

/** Name of the program that compiles our addons for a target. */
export function compilerOf(target) {
  return gnuTool(target, 'g++');
}

function gnuTool({ isNative, triplet }, gnu) {
  return isNative ? gnu : `${triplet}-${gnu}`;
}

/** Compiled in a copy: the source folder stays as it is, and two targets do not meet in one `build` folder. */
async function compile(name, target, node, work) {
  const folder = join(work, 'native-build', target.name, name);
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(PROJECT, 'native', name), folder, { recursive: true });
  const tool = (gnu) => gnuTool(target, gnu);
  const env = { ...process.env, CC: tool('gcc'), CXX: tool('g++'), AR: tool('gcc-ar'), LINK: tool('g++') };
  // An inherited folder of headers silently overrides --nodedir; flags and dates of the caller must not show in the file.
  for (const key of Object.keys(env)) if (/^(npm_config_nodedir|C(XX|PP)?FLAGS|LDFLAGS)$/i.test(key)) delete env[key];
  env.LC_ALL = 'C';
  env.NODE_PATH = join(PROJECT, 'node_modules'); // where binding.gyp finds node-addon-api, wherever the copy stands
  env.PATH = `${join(process.execPath, '..')}:${env.PATH}`;
  const args = ['rebuild', '--release', `--arch=${target.arch}`, `--nodedir=${node.folder}`];
  await runStep([process.execPath, NODE_GYP, ...args], { cwd: folder, env });
  const file = name.replaceAll('-', '_');
  const octets = readFileSync(join(folder, 'build', 'Release', `${file}.node`));
  if (target.isNative) putInCheckout(`${file}.node`, octets, target);
  return octets;
}

/** By rename: another process may have the file of an earlier build loaded. */
function putInCheckout(name, octets, target) {
  const folder = join(OF_CHECKOUT, target.name);
  mkdirSync(folder, { recursive: true });
  const draft = join(folder, `${name}.${process.pid}.tmp`);
  writeFileSync(draft, octets, { mode: 0o755 });
  renameSync(draft, join(folder, name));
}
