import type { SystemInterface } from '../../adapters/wasm/module-instance.ts';
import type { Wasi } from '../../adapters/wasm/wasi/wasi.ts';
import { systemClock } from '../../base/clock.ts';
import { describeError } from '../../base/errors.ts';
import type { ModuleSpec } from './module-spec.ts';

/** What a module has written to its folder is on disk after this, ms, unless it asks for it sooner. */
const FLUSH_EVERY_MS = 5000;

export interface WasiHostParts {
  readonly log: (level: 'info' | 'warn' | 'error', text: string) => void;
}

/** The system interface of the modules of one worker that have the WASI profile. Nothing of it is loaded before there is one. */
export class WasiHost {
  readonly #parts: WasiHostParts;
  /** By the module as it was compiled: each version has its own, as long as it is run. */
  readonly #systems = new WeakMap<WebAssembly.Module, Wasi>();
  /** Those with a folder, by its path: one at a time. */
  readonly #folders = new Map<string, Wasi>();
  #flushedMs = 0;
  #isFlushing = false;

  constructor(parts: WasiHostParts) {
    this.#parts = parts;
  }

  /**
   * Before the first instance of a module is made, and with no call of any module until then: of a version before it that had the same folder,
   * everything is on disk afterwards.
   * @throws GatewayError as `createWasi`.
   */
  async prepare(spec: ModuleSpec): Promise<void> {
    const { manifest, compiled, folder, name } = spec;
    if (manifest.profile !== 'wasi1' || this.#systems.has(compiled)) return;
    if (folder !== null) await this.#folders.get(folder)?.close();
    const { createWasi } = await import('../../adapters/wasm/wasi/wasi.ts');
    const { randomFillSync } = await import('node:crypto');
    const { logBytesPerSec, folderBytes } = manifest.limits;
    const wasi = await createWasi(compiled, {
      module: name,
      log: manifest.capabilities.includes('log')
        ? (level, line) => this.#parts.log(level, `module ${name}: ${line}`)
        : undefined,
      logBytesPerSec,
      nowMs: () => systemClock.now(),
      monotonicMs: () => systemClock.monotonic(),
      fillRandom: (octets) => void randomFillSync(octets),
      folder: folder === null ? undefined : { path: folder, bytes: folderBytes },
    });
    this.#systems.set(compiled, wasi);
    if (folder !== null) this.#folders.set(folder, wasi);
  }

  /** For the next instance; undefined when the module does without. */
  systemOf({ compiled }: ModuleSpec): SystemInterface | undefined {
    return this.#systems.get(compiled)?.newInstance();
  }

  /** Now and then: what modules have written goes to disk. A failure is said, and tried again. */
  async flushWhatIsDue(): Promise<void> {
    const now = systemClock.monotonic();
    const isTime = now - this.#flushedMs > FLUSH_EVERY_MS;
    const due = [...this.#folders.values()].filter((wasi) => wasi.isFlushWanted || (isTime && wasi.isDirty));
    if (this.#isFlushing || due.length === 0) return;
    this.#isFlushing = true;
    this.#flushedMs = now;
    for (const wasi of due) await this.#attempt(wasi.flush());
    this.#isFlushing = false;
  }

  /** The worker is about to end. */
  async flushAll(): Promise<void> {
    for (const wasi of this.#folders.values()) await this.#attempt(wasi.flush());
  }

  async #attempt(work: Promise<void>): Promise<void> {
    await work.catch((error) => this.#parts.log('error', `private folder: ${describeError(error)}`));
  }
}
