/**
 * Numbers of WASI preview 1, as far as they are used here.
 * @see https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md
 */
export const ERRNO = {
  success: 0,
  acces: 2,
  badf: 8,
  exist: 20,
  fault: 21,
  ilseq: 25,
  inval: 28,
  isdir: 31,
  mfile: 33,
  nametoolong: 37,
  noent: 44,
  nospc: 51,
  notdir: 54,
  notempty: 55,
  notsup: 58,
  spipe: 70,
  notcapable: 76,
} as const;

export const FILETYPE = { characterDevice: 2, directory: 3, regularFile: 4 } as const;
export const OFLAG = { create: 1, directory: 2, exclusive: 4, truncate: 8 } as const;
export const FDFLAG = { append: 1, all: 31 } as const;
export const WHENCE = { set: 0, current: 1, end: 2 } as const;
export const CLOCK = { realtime: 0, monotonic: 1 } as const;

/** Bits of the rights that a descriptor is opened with. */
export const RIGHT = { read: 1n << 1n, write: 1n << 6n, all: (1n << 30n) - 1n } as const;

/**
 * The answer to a call that did not succeed. Thrown inside the profile and turned into the call's result at its edge; no `Error`, because
 * a module may cause one with every call and nobody would read the stack.
 */
export class Refusal {
  readonly errno: number;

  constructor(errno: number) {
    this.errno = errno;
  }
}

/** Ends the call with that error. */
export function refuse(name: keyof typeof ERRNO): never {
  throw new Refusal(ERRNO[name]);
}
