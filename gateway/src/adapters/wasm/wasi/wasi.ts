/**
 * WASI preview 1 for modules of the profile `wasi1`: as much of it as a module that turns batches into batches can use, written so that
 * nothing of the host can be reached or used up through it (docs/reference/wasi.md, ADR 0012).
 */
import { GatewayError } from '../../../base/errors.ts';
import type { SystemInterface } from '../module-instance.ts';
import { ERRNO, Refusal } from './abi.ts';
import { Descriptors } from './descriptors.ts';
import { fileCalls } from './file-calls.ts';
import { WASI_FOLDER_GRANTS, WASI_GRANTS, WASI_MODULE } from './grants.ts';
import { GuestMemory } from './guest-memory.ts';
import { HostFolder } from './host-folder.ts';
import { LineLog, LogBudget } from './line-log.ts';
import { pathCalls } from './path-calls.ts';
import { systemCalls, type WasiFunction, type WasiFunctions } from './system-calls.ts';

export interface WasiSettings {
  /** The module's name, for messages. */
  readonly module: string;
  /** Takes a line of standard output or error; undefined when `log` is not granted: then lines are dropped and counted. */
  readonly log?: ((level: 'info' | 'warn', line: string) => void) | undefined;
  /** Octets of lines; see `limits.logBytesPerSec`. */
  readonly logBytesPerSec: number;
  /** Unix epoch, ms. In a replay the caller's own. */
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
  readonly fillRandom: (octets: Uint8Array) => void;
  /** The private folder, when it is granted: where it lies, and octets of all its files. No two instances may have the same. */
  readonly folder?: { readonly path: string; readonly bytes: number } | undefined;
}

/** WASI of one module, over all its instances: its folder, its streams and their budget outlive an instance that has trapped. */
export interface Wasi {
  /**
   * For the next instance; the one before is over, and what it had open is closed. Attached before anything of the instance is called,
   * `_initialize` first of all.
   */
  newInstance(): SystemInterface;
  /** Octets of standard output and error that were cut or dropped so far. */
  readonly droppedLogBytes: number;
  /** Whether the folder holds something that is not on disk. */
  readonly isDirty: boolean;
  /** Whether the module has asked (`fd_sync`) for a flush since the last one began. */
  readonly isFlushWanted: boolean;
  /**
   * Makes the folder durable, as it stands at this moment. The disk's time passes between calls of the module, not in them.
   * @throws GatewayError `exhausted` when the disk is full, `unavailable` otherwise; it may be tried again.
   */
  flush(): Promise<void>;
  /** The last instance is over: ends lines that have begun, and flushes. @throws as `flush`. */
  close(): Promise<void>;
}

/**
 * Opens the folder, when there is one, and looks at what the module imports. Without a folder nothing is waited for.
 * @throws GatewayError `denied` for a command (`_start`), for an import that is not granted, and for links and special files in the host's
 * folder; `exhausted` when that holds more than is granted; `unavailable` when it cannot be read.
 */
export async function createWasi(module: WebAssembly.Module, settings: WasiSettings): Promise<Wasi> {
  const names = importsOf(module, settings);
  const { folder, nowMs } = settings;
  const host = folder === undefined ? undefined : await HostFolder.open(folder.path, folder.bytes, nowMs);
  return new WasiOfModule(names, settings, host);
}

class WasiOfModule implements Wasi {
  readonly #names: readonly string[];
  readonly #settings: WasiSettings;
  readonly #host: HostFolder | undefined;
  readonly #output: LineLog;
  readonly #error: LineLog;
  #descriptors: Descriptors | undefined;
  #isFlushWanted = false;

  constructor(names: readonly string[], settings: WasiSettings, host: HostFolder | undefined) {
    this.#names = names;
    this.#settings = settings;
    this.#host = host;
    const budget = new LogBudget(settings.log === undefined ? 0 : settings.logBytesPerSec, settings.monotonicMs);
    this.#output = new LineLog((line) => settings.log?.('info', line), budget);
    this.#error = new LineLog((line) => settings.log?.('warn', line), budget);
  }

  newInstance(): SystemInterface {
    this.#endInstance();
    const tree = this.#host?.tree;
    const memory = new GuestMemory();
    const descriptors = new Descriptors(this.#output, this.#error, tree);
    this.#descriptors = descriptors;
    const onSync = () => {
      this.#isFlushWanted = true;
    };
    const parts = { ...this.#settings, memory, descriptors, tree, onSync };
    const all: WasiFunctions = {
      ...systemCalls(parts),
      ...fileCalls(parts),
      ...(tree === undefined ? {} : pathCalls({ ...parts, tree })),
    };
    const imports = this.#names.map((name) => [name, answering(all[name as keyof WasiFunctions]!, memory)] as const);
    return {
      imports: { [WASI_MODULE]: Object.fromEntries(imports) },
      attach: (instance) => memory.attach(instance),
    };
  }

  get droppedLogBytes(): number {
    return this.#output.droppedBytes + this.#error.droppedBytes;
  }

  get isDirty(): boolean {
    return this.#host?.isDirty ?? false;
  }

  get isFlushWanted(): boolean {
    return this.#isFlushWanted && this.isDirty;
  }

  async flush(): Promise<void> {
    this.#isFlushWanted = false;
    await this.#host?.flush();
  }

  async close(): Promise<void> {
    this.#endInstance();
    await this.flush();
    if (this.isDirty) await this.flush(); // the first was under way before
  }

  #endInstance(): void {
    this.#output.end();
    this.#error.end();
    this.#descriptors?.closeAll();
  }
}

/** A refused call is its errno; anything else thrown ends the instance, and is named by its host. */
function answering(call: WasiFunction, memory: GuestMemory): (...args: never[]) => number {
  return (...args) => {
    try {
      memory.chargeCall();
      call(...args);
      return ERRNO.success;
    } catch (thrown) {
      if (thrown instanceof Refusal) return thrown.errno;
      throw thrown;
    }
  };
}

/** Names of what the module imports of WASI: functions only, all granted. */
function importsOf(compiled: WebAssembly.Module, { module, folder }: WasiSettings): string[] {
  const isCommand = WebAssembly.Module.exports(compiled).some(({ name }) => name === '_start');
  if (isCommand) {
    throw new GatewayError('denied', `module ${module}: a reactor expected, a command (export _start) found`, {
      hint: 'Build it as a reactor: clang -mexec-model=reactor, or in Rust a cdylib.',
    });
  }
  const granted = folder === undefined ? WASI_GRANTS : WASI_FOLDER_GRANTS;
  const ours = WebAssembly.Module.imports(compiled).filter((one) => one.module === WASI_MODULE);
  const refused = ours.find(({ name, kind }) => kind !== 'function' || !granted.has(`${WASI_MODULE}.${name}`));
  if (refused === undefined) return ours.map(({ name }) => name);
  const needsFolder = WASI_FOLDER_GRANTS.has(`${WASI_MODULE}.${refused.name}`);
  throw new GatewayError('denied', `module ${module}: import ${WASI_MODULE}.${refused.name} is not granted`, {
    hint: needsFolder
      ? 'It takes the capability "folder" in the manifest.'
      : 'docs/reference/wasi.md lists what can be imported.',
  });
}
