import type { ModuleClass } from '../../core/model/module-class.ts';
import type { SlottedSpec } from '../../core/modules/hosted-modules.ts';
import type { ModuleManifest } from '../../core/modules/manifest.ts';

/** One use of a module as its worker is told of it: already checked by main. */
export interface ModuleSpec extends SlottedSpec {
  readonly moduleClass: ModuleClass;
  readonly manifest: ModuleManifest;
  readonly compiled: WebAssembly.Module;
  /** As the module reads it. */
  readonly config: Uint8Array;
  /** Patterns of series, one for each configured input. */
  readonly inputs: readonly string[];
  /** Real folder of its own; null unless it is granted one. */
  readonly folder: string | null;
}
