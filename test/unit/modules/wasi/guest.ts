/** A module that exports nothing but its memory, and its calls of WASI made from outside, with every number as the engine would hand it over. */
import type { TestContext } from 'node:test';
import type { SystemInterface } from '../../../../gateway/src/adapters/wasm/module-instance.ts';
import { WASI_CALLS, WASI_MODULE } from '../../../../gateway/src/adapters/wasm/wasi/grants.ts';
import { createWasi, type Wasi, type WasiSettings } from '../../../../gateway/src/adapters/wasm/wasi/wasi.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { buildModule, leb } from '../../../support/wasm-builder.ts';

export const PAGE = 65_536;
/** Of the guest's memory; it may grow by a page. */
export const MEMORY_BYTES = 32 * PAGE;

/** Where the driver puts what it passes, and finds results. */
const AT = { path: 0, otherPath: 2048, vectors: 4096, result: 8192, data: PAGE } as const;

export const READ = 1n << 1n;
export const WRITE = 1n << 6n;
export const O = { create: 1, directory: 2, exclusive: 4, truncate: 8 } as const;
export const APPEND = 1;

const text = (name: string) => [...leb(name.length), ...Buffer.from(name)];

/** A module that imports these functions. */
export function importing(names: readonly string[], exported: readonly string[] = []): WebAssembly.Module {
  const imports = names.flatMap((name) => [...text(WASI_MODULE), ...text(name), 0, 0]);
  return new WebAssembly.Module(
    buildModule({
      memory: [MEMORY_BYTES / PAGE, MEMORY_BYTES / PAGE + 1],
      extra: { 1: [1, 0x60, 0, 0], 2: [...leb(names.length), ...imports] },
      exports: exported.map((name) => ({ name, kind: 0, index: 0 })),
    }),
  );
}

export type Call = (...args: (number | bigint)[]) => number;

export class Guest {
  readonly wasi: Wasi;
  readonly call: Record<string, Call>;
  readonly memory: WebAssembly.Memory;

  constructor(wasi: Wasi, { imports }: SystemInterface, memory: WebAssembly.Memory) {
    this.wasi = wasi;
    this.call = imports[WASI_MODULE] as unknown as Record<string, Call>;
    this.memory = memory;
  }

  octets(at: number, length: number): Buffer {
    return Buffer.from(this.memory.buffer, at, length);
  }

  get view(): DataView {
    return new DataView(this.memory.buffer);
  }

  /** @returns the descriptor, or −errno. */
  open(path: string, oflags = 0, { dir = 3, rights = READ | WRITE, flags = 0 } = {}): number {
    const errno = this.call.path_open!(dir, 0, AT.path, this.put(path), oflags, rights, 0n, flags, AT.result);
    return errno === 0 ? this.view.getUint32(AT.result, true) : -errno;
  }

  /** @returns octets written, or −errno. */
  write(fd: number, content: string | Uint8Array, offset?: bigint): number {
    this.vector(this.put(content, AT.data));
    return this.#done(
      offset === undefined
        ? this.call.fd_write!(fd, AT.vectors, 1, AT.result)
        : this.call.fd_pwrite!(fd, AT.vectors, 1, offset, AT.result),
    );
  }

  /** @returns what was read, or −errno. */
  read(fd: number, length = 1000, offset?: bigint): string | number {
    this.vector(length);
    const done = this.#done(
      offset === undefined
        ? this.call.fd_read!(fd, AT.vectors, 1, AT.result)
        : this.call.fd_pread!(fd, AT.vectors, 1, offset, AT.result),
    );
    return done < 0 ? done : this.octets(AT.data, done).toString('latin1');
  }

  /** @returns the new offset, or −errno. */
  seek(fd: number, offset: bigint, whence = 0): number {
    const errno = this.call.fd_seek!(fd, offset, whence, AT.result);
    return errno === 0 ? Number(this.view.getBigUint64(AT.result, true)) : -errno;
  }

  /** @returns its size, or −errno. */
  size(fd: number): number {
    const errno = this.call.fd_filestat_get!(fd, AT.result);
    return errno === 0 ? Number(this.view.getBigUint64(AT.result + 32, true)) : -errno;
  }

  /** A call that takes a folder and a path. */
  at(name: string, path: string, dir = 3): number {
    return this.call[name]!(dir, AT.path, this.put(path));
  }

  rename(from: string, to: string, dir = 3): number {
    const length = this.put(from);
    return this.call.path_rename!(dir, AT.path, length, dir, AT.otherPath, this.put(to, AT.otherPath));
  }

  /** Names in a folder, read with a buffer of that size. */
  list(fd: number, room = 4096): string[] {
    const names: string[] = [];
    for (let cookie = 0n; ; ) {
      const errno = this.call.fd_readdir!(fd, AT.data, room, cookie, AT.result);
      if (errno !== 0) throw new Error(`fd_readdir: ${errno}`);
      const used = this.view.getUint32(AT.result, true);
      for (let at = AT.data; at + 24 <= AT.data + used; ) {
        const length = this.view.getUint32(at + 16, true);
        if (at + 24 + length > AT.data + used) break;
        names.push(this.octets(at + 24, length).toString());
        cookie = this.view.getBigUint64(at, true);
        at += 24 + length;
      }
      if (used < room) return names;
    }
  }

  put(content: string | Uint8Array, at: number = AT.path): number {
    const octets = Buffer.from(content as string);
    this.octets(at, octets.length).set(octets);
    return octets.length;
  }

  /** One buffer of that length, where `write` and `read` have it. */
  vector(length: number): void {
    this.view.setUint32(AT.vectors, AT.data, true);
    this.view.setUint32(AT.vectors + 4, length, true);
  }

  #done(errno: number): number {
    return errno === 0 ? this.view.getUint32(AT.result, true) : -errno;
  }
}

export interface GuestOptions extends Partial<WasiSettings> {
  /** Octets of the private folder, at `path`; none without. */
  readonly folder?: { readonly path: string; readonly bytes: number };
}

/** Time stands still, randomness is sevens, lines go to `lines`. */
export async function startGuest(
  options: GuestOptions = {},
): Promise<Guest & { readonly lines: string[]; readonly module: WebAssembly.Module }> {
  const lines: string[] = [];
  const names = Object.entries(WASI_CALLS).filter(
    ([, { needs }]) => options.folder !== undefined || needs === 'nothing',
  );
  const module = importing(names.map(([name]) => name));
  const wasi = await createWasi(module, {
    module: 'guest',
    log: (level, line) => lines.push(`${level} ${line}`),
    logBytesPerSec: 1 << 20,
    nowMs: () => 1_700_000_000_123,
    monotonicMs: () => 5000.75,
    fillRandom: (octets) => octets.fill(7),
    ...options,
  });
  return Object.assign(newGuest(wasi, module), { lines, module });
}

/** The next instance of that module. */
export function newGuest(wasi: Wasi, module: WebAssembly.Module): Guest {
  const next = wasi.newInstance();
  const instance = new WebAssembly.Instance(module, next.imports);
  next.attach(instance);
  return new Guest(wasi, next, instance.exports.memory as WebAssembly.Memory);
}

/** A guest with a folder of its own, which is removed with the test. */
export async function startWithFolder(t: TestContext, bytes = 1 << 20, options: GuestOptions = {}) {
  const { path, [Symbol.dispose]: remove } = temporaryFolder();
  t.after(remove);
  return Object.assign(await startGuest({ ...options, folder: { path, bytes } }), { path });
}
