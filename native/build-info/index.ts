/** The typed face of the addon `build_info`: what the processor offers and what our native code was compiled to need. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';

export interface BuildInfo {
  readonly architecture: 'arm64' | 'x64';
  /** What the compiler was told to make code for: `cortex-a53`, `x86-64-v2`. */
  readonly compiledFor: string;
  readonly compiler: string;
  /** Of this machine. */
  readonly glibc: string;
  /** Optional instructions that this processor has: `crc32`, `aes`, `sha2`, ... */
  readonly present: readonly string[];
  /** Those that the native code may use without asking. */
  readonly required: readonly string[];
}

/** @param path of the addon. @throws Error of the dynamic loader when it cannot be opened. */
export function readBuildInfo(path: string): BuildInfo {
  const addon = createRequire(`${dirname(path)}/`)(path) as { read(): BuildInfo };
  return addon.read();
}

/** Instructions that the native code needs and this processor lacks. */
export function missingFeatures({ present, required }: BuildInfo): string[] {
  return required.filter((name) => !present.includes(name));
}
