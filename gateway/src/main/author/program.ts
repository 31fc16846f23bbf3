/** A built module, compiled the way the gateway does it, and for comparison as its author's compiler left it. */
import * as fs from 'node:fs';
import { compileModule } from '../../adapters/wasm/module-instance.ts';
import { GatewayError } from '../../base/errors.ts';
import { type ModuleManifest, parseManifest } from '../../core/modules/manifest.ts';
import { admitForHost } from '../load-module.ts';
import { type AuthorProject, builtManifest, builtWasm } from './project.ts';

export interface BuiltModule {
  readonly manifest: ModuleManifest;
  /** Guarded and metered. */
  readonly compiled: WebAssembly.Module;
  /** As built. */
  readonly wasm: Uint8Array;
  /** What `compiled` was made from: guarded, with fuel. */
  readonly admitted: Uint8Array;
}

/** @throws GatewayError `not_found` when nothing is built, `denied` or `corrupt` when the gateway would refuse it. */
export function loadBuilt(project: AuthorProject): BuiltModule {
  const text = readBuilt(project, builtManifest(project));
  const wasm = readBuilt(project, builtWasm(project));
  const manifest = parseManifest(text.toString('utf8'));
  if (manifest.profile !== 'core') throw unsupportedProfile(manifest);
  warnWhenStale(project);
  const admitted = admitForHost(wasm, manifest, null);
  return { manifest, wasm, admitted, compiled: compileModule(admitted, manifest) };
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
function warnWhenStale(project: AuthorProject): void {
  const built = fs.statSync(builtManifest(project)).mtimeMs;
  const source = fs.statSync(`${project.folder}/manifest.json`).mtimeMs;
  if (source > built)
    process.stderr.write('manifest.json is newer than the build: run `tidegate module build` to take it over\n');
}
