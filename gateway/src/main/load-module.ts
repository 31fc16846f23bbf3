import { compileModule } from '../adapters/wasm/module-instance.ts';
import type { Config } from '../config/settings.ts';
import { admitModule } from '../core/modules/admission.ts';
import { encodeConfigBlock } from '../core/modules/config-block.ts';
import { type ModuleManifest, parseManifest } from '../core/modules/manifest.ts';
import { assets } from './assets.ts';

/** A configured module, ready to be instantiated. */
export interface LoadedModule {
  readonly manifest: ModuleManifest;
  readonly compiled: WebAssembly.Module;
  /** As the module reads it. */
  readonly config: Uint8Array;
}

/** @throws GatewayError saying why it cannot be used. */
export function loadModule(entry: Config['module'][number]): LoadedModule {
  const files = assets.module(entry.module);
  const manifest = parseManifest(files.manifest);
  const inputs = entry.input.map((input) => input.config);
  const config = encodeConfigBlock(manifest, inputs, entry.name);
  const compiled = compileModule(admitModule(files.wasm, manifest, WebAssembly.validate), manifest);
  return { manifest, compiled, config };
}
