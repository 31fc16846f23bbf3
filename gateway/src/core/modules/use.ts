import type { InputConfig } from './config-block.ts';

/** Series a module reads, and its parameters for them. */
export interface ModuleInput {
  /** Glob over `device/point`. */
  readonly series: string;
  readonly config: InputConfig;
}

/** One use of a module: what is to run, under which name, on what. */
export interface ModuleUse {
  /** Names the derived series; unique on the gateway. */
  readonly name: string;
  /** Identifier of the module. */
  readonly module: string;
  /** Null: the one that came with the program, or else the highest installed. */
  readonly version: string | null;
  /** The version before, kept to go back to; null: there is none. */
  readonly previous: string | null;
  readonly enabled: boolean;
  readonly inputs: readonly ModuleInput[];
  /** `file`: inputs and whether it is enabled come from the configuration file; `installed`: from here. */
  readonly origin: 'file' | 'installed';
}

/** What functions run of an installed package: all functions of one module run the same version. */
export interface FunctionPackage {
  /** Identifier of the module. */
  readonly module: string;
  readonly version: string;
  /** The version before, kept to go back to; null: there is none. */
  readonly previous: string | null;
}
