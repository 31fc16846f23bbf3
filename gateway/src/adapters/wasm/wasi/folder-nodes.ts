/** What a module's private folder is made of, how large it may be, and which names it takes. */
import { refuse } from './abi.ts';

export const FOLDER_LIMITS = {
  /** Files and folders together; one that was removed counts while it is open. */
  entries: 64,
  /** UTF-8 octets of one name. */
  nameBytes: 64,
  /** Folders in folders: `a/b/c/d` is the deepest file. */
  depth: 4,
  /** UTF-8 octets of a path as the module writes it. */
  pathBytes: 512,
} as const;

/** Belongs to the gateway; a module cannot name it. */
export const RESERVED_NAME = '.tidegate-write';

export interface FileNode {
  readonly kind: 'file';
  readonly ino: number;
  /** Contents in front, then zeros: capacity. */
  octets: Uint8Array;
  length: number;
  /** Unix epoch, ms. */
  changedMs: number;
  /** Counts changes of the contents. */
  version: number;
  opens: number;
  isRemoved: boolean;
}

export interface FolderNode {
  readonly kind: 'folder';
  readonly ino: number;
  /** By name, in order of creation. */
  readonly children: Map<string, TreeNode>;
  changedMs: number;
  /** Null for the top, and for one that was removed. */
  parent: FolderNode | null;
}

export type TreeNode = FileNode | FolderNode;

/** Whether a module, or a file found on the host, may bear this name. */
export function isFolderName(name: string): boolean {
  return (
    name !== '' &&
    name !== '.' &&
    name !== '..' &&
    name !== RESERVED_NAME &&
    Buffer.byteLength(name) <= FOLDER_LIMITS.nameBytes &&
    !/[\p{Cc}/\ufffd]/u.test(name)
  );
}

/** @throws Refusal `ENAMETOOLONG` or `EACCES`. */
export function checkName(name: string): void {
  if (Buffer.byteLength(name) > FOLDER_LIMITS.nameBytes) refuse('nametoolong');
  if (!isFolderName(name)) refuse('acces');
}

/** 0 for the top. */
export function depthOf(folder: FolderNode): number {
  let depth = 0;
  for (let at = folder.parent; at !== null; at = at.parent) depth++;
  return depth;
}

/** 1 for a file, 2 for an empty folder: it is there to hold one. */
export function heightOf(node: TreeNode): number {
  if (node.kind === 'file') return 1;
  return 1 + Math.max(1, ...[...node.children.values()].map(heightOf));
}

/** Whether it is that folder, or stands somewhere below it. */
export function isWithin(folder: FolderNode, other: FolderNode): boolean {
  for (let at: FolderNode | null = folder; at !== null; at = at.parent) if (at === other) return true;
  return false;
}
