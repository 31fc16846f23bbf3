import { FILETYPE, refuse } from './abi.ts';
import type { FileNode, FolderNode } from './folder-nodes.ts';
import type { FolderTree } from './folder-tree.ts';
import type { LineLog } from './line-log.ts';

/** Open files and folders of one instance, besides the standard streams and the preopened folder. */
export const OPEN_MAX = 32;

/** Where the preopened folder stands, and the first number given to what a module opens. */
export const PREOPENED = 3;
const FIRST = 4;

export interface OpenFile {
  readonly kind: 'file';
  readonly node: FileNode;
  readonly canRead: boolean;
  readonly canWrite: boolean;
  flags: number;
  /** Octets from the start. */
  offset: number;
}

export interface OpenFolder {
  readonly kind: 'folder';
  readonly node: FolderNode;
  /** What a reading of it began with: changes since then neither skip nor repeat a name. */
  listing: readonly Listed[];
}

/** A row of a listing. */
export interface Listed {
  readonly name: string;
  readonly ino: number;
  readonly type: number;
}

export type Stream = { readonly kind: 'input' } | { readonly kind: 'output'; readonly lines: LineLog };

export type Descriptor = OpenFile | OpenFolder | Stream;

/** The descriptors of one instance. 0 to 2 are the standard streams, 3 the folder where there is one; these stay. */
export class Descriptors {
  readonly #tree: FolderTree | undefined;
  readonly #open: (Descriptor | undefined)[];

  constructor(output: LineLog, error: LineLog, tree: FolderTree | undefined) {
    this.#tree = tree;
    const streams: Descriptor[] = [
      { kind: 'input' },
      { kind: 'output', lines: output },
      { kind: 'output', lines: error },
    ];
    this.#open = tree === undefined ? streams : [...streams, { kind: 'folder', node: tree.top, listing: [] }];
  }

  get(fd: number): Descriptor {
    return this.#open[fd >>> 0] ?? refuse('badf');
  }

  file(fd: number): OpenFile {
    const found = this.get(fd);
    if (found.kind === 'file') return found;
    return refuse(found.kind === 'folder' ? 'isdir' : 'spipe');
  }

  folder(fd: number): OpenFolder {
    const found = this.get(fd);
    return found.kind === 'folder' ? found : refuse('notdir');
  }

  /** @returns the lowest number that is free. At the bound: `EMFILE`. */
  add(opened: OpenFile | OpenFolder): number {
    for (let fd = FIRST; fd < FIRST + OPEN_MAX; fd++) {
      if (this.#open[fd] !== undefined) continue;
      this.#open[fd] = opened;
      if (opened.kind === 'file') opened.node.opens++;
      return fd;
    }
    return refuse('mfile');
  }

  get isFull(): boolean {
    return this.#open.filter((one) => one !== undefined).length === FIRST + OPEN_MAX;
  }

  close(fd: number): void {
    const closed = this.#movable(fd);
    this.#open[fd >>> 0] = undefined;
    if (closed.kind !== 'file') return;
    closed.node.opens--;
    this.#tree?.release(closed.node);
  }

  /** The instance is over. */
  closeAll(): void {
    for (let fd = FIRST; fd < this.#open.length; fd++) if (this.#open[fd] !== undefined) this.close(fd);
  }

  renumber(from: number, to: number): void {
    const moved = this.#movable(from);
    this.#movable(to);
    if (from === to) return;
    this.close(to);
    this.#open[to >>> 0] = moved;
    this.#open[from >>> 0] = undefined;
  }

  #movable(fd: number): Descriptor {
    const found = this.get(fd);
    return fd >>> 0 < FIRST ? refuse('notsup') : found;
  }
}

export function filetypeOf({ kind }: { kind: Descriptor['kind'] }): number {
  if (kind === 'folder') return FILETYPE.directory;
  return kind === 'file' ? FILETYPE.regularFile : FILETYPE.characterDevice;
}
