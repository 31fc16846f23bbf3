/** A built module, compiled the way the gateway does it, and for comparison as its author's compiler left it. */
import * as fs from 'node:fs';
import { compileModule } from '../../adapters/wasm/module-instance.ts';
import { GatewayError } from '../../base/errors.ts';
import { type ModuleManifest, parseManifest } from '../../core/modules/manifest.ts';
import { admitForHost } from '../modules/load-module.ts';
import { type AuthorProject, builtManifest, builtWasm } from './project.ts';

export interface BuiltModule {
  readonly manifest: ModuleManifest;
  /** Guarded and metered. */
  readonly compiled: WebAssembly.Module;
  /** As built. */
  readonly wasm: Uint8Array;
  /** What `compiled` was made from: guarded, with fuel. */
  readonly admitted: Uint8Array;
  /** The project's manifest says something else than the one it was built with: `STALE_WARNING` applies. */
  readonly isStale: boolean;
}

export const STALE_WARNING =
  'warning: manifest.json has changed since the build, and this speaks of the build: run `tidegate module build`';

/** @throws GatewayError `not_found` when nothing is built, `denied` or `corrupt` when the gateway would refuse it. */
export function loadBuilt(project: AuthorProject): BuiltModule {
  const text = readBuilt(project, builtManifest(project));
  const wasm = readBuilt(project, builtWasm(project));
  const manifest = parseManifest(text.toString('utf8'));
  if (manifest.profile !== 'core') throw unsupportedProfile(manifest);
  const stale = isStale(project, text.toString('utf8'));
  if (stale) process.stderr.write(`${STALE_WARNING}\n`);
  const admitted = admitForHost(wasm, manifest, null);
  return { manifest, wasm, admitted, isStale: stale, compiled: compileModule(admitted, manifest) };
}

function readBuilt(project: AuthorProject, path: string): Buffer {
  try {
    return fs.readFileSync(path);
  } catch (error) {
    throw new GatewayError('not_found', `${path}: cannot be read`, {
      cause: error,
      hint: `Build it first: tidegate module build ${project.folder}`,
    });
  }
}

/** The system interface is the gateway's; what it does depends on a clock and a folder, which a replay must not. */
export function unsupportedProfile({ id, profile }: ModuleManifest): GatewayError {
  return new GatewayError('invalid', `module ${id}: profile core expected, ${profile} found`, {
    hint: 'Modules of other profiles are built with their own tools and tried in a gateway: see docs/reference/wasi.md.',
  });
}

/** Limits and outputs are taken from the built manifest: what was changed since is not yet true. */
function isStale({ written }: AuthorProject, builtText: string): boolean {
  const { wasm, sha256 } = JSON.parse(builtText) as { wasm: string; sha256: string };
  return `${JSON.stringify({ ...written, wasm, sha256 }, null, 2)}\n` !== builtText;
}
