import { FDFLAG, OFLAG, RIGHT, refuse } from './abi.ts';
import { filetypeOf, type Listed } from './descriptors.ts';
import type { FileParts } from './file-calls.ts';
import { writeStat } from './file-calls.ts';
import { FOLDER_LIMITS, type FolderNode, type TreeNode } from './folder-nodes.ts';
import { follow, type Place } from './folder-path.ts';
import type { FolderTree } from './folder-tree.ts';
import type { WasiFunctions } from './system-calls.ts';

const DIRENT_BYTES = 24;

/** Calls that take a path, and the listing of a folder. Paths begin at an open folder and never leave it. */
export function pathCalls({ memory, descriptors, tree }: FileParts & { readonly tree: FolderTree }): WasiFunctions {
  const place = (fd: number, at: number, length: number): Place =>
    follow(descriptors.folder(fd).node, memory.text(at, length, FOLDER_LIMITS.pathBytes));
  const existing = (found: Place): Place & { node: TreeNode } => {
    const { node } = found;
    if (node === undefined) return refuse('noent');
    if (found.mustBeFolder && node.kind !== 'folder') refuse('notdir');
    return { ...found, node };
  };
  /** One that has a name: not the folder the path began in. */
  const named = (found: Place): Place => (found.name === '' ? refuse('inval') : found);
  return {
    path_create_directory(fd: number, at: number, length: number) {
      const { parent, name, node } = place(fd, at, length);
      if (node !== undefined) refuse('exist');
      tree.makeFolder(parent, name);
    },
    path_filestat_get(fd: number, _flags: number, at: number, length: number, statAt: number) {
      const { node } = existing(place(fd, at, length));
      writeStat(memory, statAt, filetypeOf(node), node);
    },
    path_link: () => refuse('notsup'),
    path_symlink: () => refuse('notsup'),
    path_readlink(fd: number, at: number, length: number) {
      existing(place(fd, at, length));
      refuse('inval');
    },
    path_open(
      fd: number,
      _lookup: number,
      at: number,
      length: number,
      oflags: number,
      rights: bigint,
      _inheriting: bigint,
      flags: number,
      resultAt: number,
    ) {
      const found = place(fd, at, length);
      memory.setU32(resultAt, 0);
      if ((flags & ~FDFLAG.all) !== 0) refuse('inval');
      if (descriptors.isFull) refuse('mfile');
      const canWrite = (rights & RIGHT.write) !== 0n;
      const node = nodeToOpen(tree, found, oflags, canWrite);
      if (node.kind === 'file' && (oflags & OFLAG.truncate) !== 0) tree.resize(node, 0);
      const opened =
        node.kind === 'folder'
          ? ({ kind: 'folder', node, listing: [] } as const)
          : ({ kind: 'file', node, canRead: (rights & RIGHT.read) !== 0n, canWrite, flags, offset: 0 } as const);
      memory.setU32(resultAt, descriptors.add(opened));
    },
    path_remove_directory(fd: number, at: number, length: number) {
      const { parent, name, node } = existing(named(place(fd, at, length)));
      if (node.kind !== 'folder') refuse('notdir');
      tree.removeFolder(parent, name, node);
    },
    path_rename(fd: number, at: number, length: number, newFd: number, newAt: number, newLength: number) {
      const from = existing(named(place(fd, at, length)));
      const to = named(place(newFd, newAt, newLength));
      if (to.mustBeFolder && from.node.kind !== 'folder') refuse('notdir');
      tree.move(from.parent, from.name, to.parent, to.name);
    },
    path_unlink_file(fd: number, at: number, length: number) {
      const { parent, name, node } = existing(named(place(fd, at, length)));
      if (node.kind === 'folder') refuse('isdir');
      tree.removeFile(parent, name, node);
    },
    fd_readdir(fd: number, at: number, length: number, cookie: bigint, usedAt: number) {
      const folder = descriptors.folder(fd);
      const room = memory.bytes(at, length);
      memory.setU32(usedAt, 0);
      if (cookie === 0n) folder.listing = listingOf(folder.node);
      memory.charge(folder.listing.length * DIRENT_BYTES * 16);
      const used = writeListing(folder.listing, Number(BigInt.asUintN(32, cookie)), room);
      memory.setU32(usedAt, used);
    },
  };
}

function nodeToOpen(tree: FolderTree, found: Place, oflags: number, canWrite: boolean): TreeNode {
  const { parent, name, mustBeFolder } = found;
  const wantsFolder = mustBeFolder || (oflags & OFLAG.directory) !== 0;
  if (found.node === undefined) {
    if ((oflags & OFLAG.create) === 0) refuse('noent');
    return wantsFolder ? refuse('inval') : tree.makeFile(parent, name);
  }
  if ((oflags & OFLAG.create) !== 0 && (oflags & OFLAG.exclusive) !== 0) refuse('exist');
  if (!canWrite && (oflags & OFLAG.truncate) !== 0) refuse('notcapable');
  if (found.node.kind === 'file') return wantsFolder ? refuse('notdir') : found.node;
  return canWrite ? refuse('isdir') : found.node;
}

function listingOf(folder: FolderNode): Listed[] {
  const self: Listed = { name: '.', ino: folder.ino, type: filetypeOf(folder) };
  // Above the folder a module knows nothing: `..` of the top is the top, and of another one its number does not matter.
  const rows = [...folder.children].map(([name, node]) => ({ name, ino: node.ino, type: filetypeOf(node) }));
  return [self, { ...self, name: '..' }, ...rows];
}

/** Rows from that one on, the last one cut where the room ends: a full buffer tells the module to ask on. @returns octets used. */
function writeListing(listing: readonly Listed[], from: number, room: Uint8Array): number {
  let used = 0;
  for (let i = from; i < listing.length && used < room.length; i++) {
    const { name, ino, type } = listing[i]!;
    const text = Buffer.from(name);
    const row = new Uint8Array(DIRENT_BYTES + text.length);
    const view = new DataView(row.buffer);
    view.setBigUint64(0, BigInt(i + 1), true);
    view.setBigUint64(8, BigInt(ino), true);
    view.setUint32(16, text.length, true);
    view.setUint8(20, type);
    row.set(text, DIRENT_BYTES);
    const part = row.subarray(0, room.length - used);
    room.set(part, used);
    used += part.length;
  }
  return used;
}
