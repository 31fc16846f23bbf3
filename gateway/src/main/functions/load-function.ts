import { GatewayError } from '../../base/errors.ts';
import type { Config } from '../../config/settings.ts';
import type { ModuleClass } from '../../core/model/module-class.ts';
import { encodeConfigBlock } from '../../core/modules/config-block.ts';
import type { ModuleManifest } from '../../core/modules/manifest.ts';
import type { FunctionModule } from '../function-worker.ts';

/** A module that was let in: its guarded binary, compiled once for all threads. */
export interface AdmittedModule {
  readonly manifest: ModuleManifest;
  readonly compiled: WebAssembly.Module;
  readonly moduleClass: ModuleClass;
}

/**
 * Finds a module by its id and lets it in. @param version null: the one that functions are to run when the gateway starts.
 * @throws GatewayError saying why it cannot be used.
 */
export type LoadModule = (moduleId: string, version: string | null) => AdmittedModule | Promise<AdmittedModule>;

/** @throws GatewayError when the module cannot be used as a function. */
export async function loadFunction(
  entry: Config['function'][number],
  load: LoadModule,
  version: string | null,
): Promise<FunctionModule> {
  const { manifest, compiled, moduleClass } = await load(entry.module, version);
  if (manifest.kind !== 'function') {
    throw new GatewayError('invalid', `module ${manifest.id}: kind function expected, ${manifest.kind} found`, {
      hint: 'Modules that work on points stand under [[module]].',
    });
  }
  if (manifest.profile !== 'core') {
    throw new GatewayError(
      'invalid',
      `module ${manifest.id}: profile core expected of a function, ${manifest.profile} found`,
      {
        hint: 'Functions use the imports of gw1 only.',
      },
    );
  }
  return {
    name: entry.name,
    moduleClass,
    manifest,
    compiled,
    config: encodeConfigBlock(manifest, [entry.config], entry.name),
  };
}
