/** What was compiled for the executable, as components of the bill of materials: native parts, modules, and what compilers put into them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { rustVersion } from '../support/module-languages.mjs';
import { PROJECT } from '../support/project.mjs';
import { sha256 } from './executable.mjs';
import { compilerOf } from './native-parts.mjs';
import { runStep } from './run.mjs';

/** Comes compiled, with its npm package, and has the C++ library of the machine. */
const SQLITE = 'better_sqlite3';
const GCC_LICENCE = 'GPL-3.0-or-later WITH GCC-exception-3.1';
const RUST_CORE = 'rust-core';

/**
 * @param {Record<string, Buffer>} native octets by name @param {ReturnType<import('./packages.mjs').bundledPackages>} packages
 * @returns {Promise<{components: object[], dependencies: {ref: string, dependsOn: string[]}[]}>}
 */
export async function compiledParts({ target, source, packages, native, parts }) {
  const runtime = await gccRuntime(target);
  const sqlite = packages.find(({ name }) => name === 'better-sqlite3');
  const headers = packages.find(({ name }) => name === 'node-addon-api');
  const ours = ['gcc:libstdc++', 'gcc:libgcc', `npm:${headers.name}@${headers.version}`];
  const names = Object.keys(native);
  const natives = names.map((name) => nativeComponent(name, native[name], name === SQLITE ? sqlite : source));
  const modules = moduleComponents(parts);
  const rust = modules.filter(({ name }) => existsSync(join(PROJECT, 'modules', name, `${name}.rs`)));
  return {
    components: [...natives, ...runtime, ...modules, ...(rust.length > 0 ? [rustCore()] : [])],
    dependencies: [
      ...names.map((name) => ({
        ref: `native:${name}`,
        dependsOn: name === SQLITE ? [`npm:${sqlite.name}@${sqlite.version}`] : ours,
      })),
      ...rust.map((one) => ({ ref: one['bom-ref'], dependsOn: [RUST_CORE] })),
    ],
  };
}

/** @param {{version: string, licence?: string}} from a package of others, or our source */
function nativeComponent(name, octets, { version, licence = 'Apache-2.0' }) {
  return {
    type: 'file',
    'bom-ref': `native:${name}`,
    name: `${name}.node`,
    version,
    hashes: [{ alg: 'SHA-256', content: sha256(octets) }],
    licenses: [{ license: { id: licence } }],
  };
}

/** Linked into our native parts, whole functions of it: `-static-libstdc++ -static-libgcc` in their binding.gyp. */
async function gccRuntime(target) {
  const version = (await runStep([compilerOf(target), '-dumpfullversion'])).trim();
  return ['libstdc++', 'libgcc'].map((name) => ({
    type: 'library',
    'bom-ref': `gcc:${name}`,
    name,
    version,
    description: 'GCC run-time library, linked statically into native parts',
    licenses: [{ expression: GCC_LICENCE }],
    cpe: `cpe:2.3:a:gnu:gcc:${version}:*:*:*:*:*:*:*`,
  }));
}

function moduleComponents(parts) {
  return Object.keys(parts)
    .filter((name) => /^modules\/[^/]+\/manifest\.json$/.test(name))
    .map((name) => {
      const { id, version, sha256: hash } = JSON.parse(Buffer.from(parts[name]).toString('utf8'));
      return {
        type: 'library',
        'bom-ref': `module:${id}`,
        name: id,
        version,
        description: 'WebAssembly module',
        licenses: [{ license: { id: 'Apache-2.0' } }],
        hashes: [{ alg: 'SHA-256', content: hash }],
      };
    });
}

/** Modules do not tell what compiled them: without the compiler here the version is not known. */
function rustCore() {
  const version = rustVersion();
  return {
    type: 'library',
    'bom-ref': RUST_CORE,
    name: 'core',
    ...(version === undefined ? {} : { version }),
    description:
      "Rust's core library, compiled into modules that are written in Rust; version of the rustc that was here",
    licenses: [{ expression: 'MIT OR Apache-2.0' }],
  };
}
