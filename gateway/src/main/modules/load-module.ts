import { hostImportTypes } from '../../adapters/wasm/host-imports.ts';
import { compileModule } from '../../adapters/wasm/module-instance.ts';
import { WASI_FOLDER_TYPES, WASI_TYPES } from '../../adapters/wasm/wasi/grants.ts';
import { GatewayError } from '../../base/errors.ts';
import type { ModuleClass } from '../../core/model/module-class.ts';
import { admitModule } from '../../core/modules/admission.ts';
import { encodeConfigBlock, type InputConfig } from '../../core/modules/config-block.ts';
import type { GuardCache } from '../../core/modules/guard/cache.ts';
import { type ModuleManifest, parseManifest } from '../../core/modules/manifest.ts';
import type { PackageContents } from '../../core/modules/ports.ts';
import type { VerifyContext } from '../../core/modules/signing/verify-package.ts';
import type { ModuleLibrary, Provenance } from './module-library.ts';

/** A module that has been let in and compiled. */
export interface LoadedModule {
  readonly manifest: ModuleManifest;
  readonly compiled: WebAssembly.Module;
  readonly provenance: Provenance;
  readonly moduleClass: ModuleClass;
}

export interface ModuleLoader {
  /** @throws GatewayError saying why it cannot be used. */
  load(id: string, version: string | null, context: VerifyContext): LoadedModule;
  /** The same for a package that is not installed yet. */
  admit(contents: PackageContents, provenance: Provenance): LoadedModule;
}

export function moduleLoader(library: ModuleLibrary, cache: GuardCache | null): ModuleLoader {
  const admit = (contents: PackageContents, provenance: Provenance): LoadedModule => {
    const manifest = parseManifest(contents.manifestText);
    const compiled = compileModule(admitForHost(contents.wasm, manifest, cache), manifest);
    return { manifest, compiled, provenance, moduleClass: manifest.profile === 'wasi1' ? 'wasi' : provenance.trust };
  };
  return {
    admit,
    load(id, version, context) {
      const { contents, provenance } = library.find(id, version, context);
      return admit(contents, provenance);
    },
  };
}

/** The binary to compile, under exactly the imports that its profile and capabilities grant. @throws GatewayError. */
export function admitForHost(wasm: Uint8Array, manifest: ModuleManifest, cache: GuardCache | null): Uint8Array {
  const system = manifest.capabilities.includes('folder') ? WASI_FOLDER_TYPES : WASI_TYPES;
  const types = new Map([...hostImportTypes(manifest), ...(manifest.profile === 'wasi1' ? system : [])]);
  const imports = new Set(types.keys());
  return admitModule(wasm, manifest, { imports, importTypes: types, validate: WebAssembly.validate, cache });
}

/** The configuration of a stream module as it reads it. @throws GatewayError `invalid` naming every fault. */
export function configOf(manifest: ModuleManifest, name: string, inputs: readonly InputConfig[]): Uint8Array {
  if (manifest.kind !== 'stream') {
    throw new GatewayError(
      'invalid',
      `module ${name}: a module that takes batches expected, function ${manifest.id} found`,
      {
        hint: 'Functions stand under [[function]].',
      },
    );
  }
  return encodeConfigBlock(manifest, inputs, name);
}
