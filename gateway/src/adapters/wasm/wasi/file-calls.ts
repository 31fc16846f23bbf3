import { FDFLAG, RIGHT, refuse, WHENCE } from './abi.ts';
import { type Descriptors, filetypeOf, type OpenFile, PREOPENED } from './descriptors.ts';
import type { TreeNode } from './folder-nodes.ts';
import type { FolderTree } from './folder-tree.ts';
import type { GuestMemory } from './guest-memory.ts';
import type { WasiFunctions } from './system-calls.ts';

const PREOPENED_NAME = Buffer.from('/data');

export interface FileParts {
  readonly memory: GuestMemory;
  readonly descriptors: Descriptors;
  readonly tree: FolderTree | undefined;
  /** The module has asked for what it wrote to be made durable. */
  readonly onSync: () => void;
}

/** Calls on descriptors. */
export function fileCalls({ memory, descriptors, tree, onSync }: FileParts): WasiFunctions {
  const sync = (fd: number) => {
    descriptors.file(fd);
    onSync();
  };
  const readable = (fd: number): OpenFile => {
    const file = descriptors.file(fd);
    return file.canRead ? file : refuse('notcapable');
  };
  const writable = (fd: number): OpenFile => {
    const file = descriptors.file(fd);
    return file.canWrite ? file : refuse('notcapable');
  };
  /** @returns octets that were read. */
  const readAt = ({ node }: OpenFile, vectors: readonly Uint8Array[], offset: number): number => {
    let at = offset;
    for (const vector of vectors) {
      const part = node.octets.subarray(Math.min(at, node.length), Math.min(at + vector.length, node.length));
      memory.charge(part.length);
      vector.set(part);
      at += part.length;
    }
    return at - offset;
  };
  const writeAt = ({ node }: OpenFile, vectors: readonly Uint8Array[], offset: number): number => {
    const total = totalOf(vectors);
    if (total === 0) return 0;
    memory.charge(total);
    resize(node, Math.max(node.length, offset + total));
    let at = offset;
    for (const vector of vectors) {
      node.octets.set(vector, at);
      at += vector.length;
    }
    tree!.touch(node);
    return total;
  };
  const resize = (node: OpenFile['node'], length: number): void => {
    if (length === node.length) return;
    memory.charge(tree!.resize(node, length));
  };
  return {
    fd_advise(fd: number) {
      descriptors.file(fd);
    },
    fd_allocate(fd: number, offset: bigint, length: bigint) {
      const { node } = writable(fd);
      if (offset < 0n || length <= 0n) refuse('inval');
      resize(node, Math.max(node.length, Number(offset + length)));
    },
    fd_close: (fd: number) => descriptors.close(fd),
    fd_datasync: sync,
    fd_sync: sync,
    fd_fdstat_get(fd: number, at: number) {
      const found = descriptors.get(fd);
      const stat = memory.view(at, 24);
      stat.setBigUint64(0, 0n, true);
      stat.setUint8(0, filetypeOf(found));
      stat.setUint16(2, found.kind === 'file' ? found.flags : 0, true);
      stat.setBigUint64(8, rightsOf(found), true);
      stat.setBigUint64(16, found.kind === 'folder' ? RIGHT.all : 0n, true);
    },
    fd_fdstat_set_flags(fd: number, flags: number) {
      if ((flags & ~FDFLAG.all) !== 0) refuse('inval');
      const found = descriptors.get(fd);
      if (found.kind === 'file') found.flags = flags;
    },
    fd_filestat_get(fd: number, at: number) {
      const found = descriptors.get(fd);
      writeStat(memory, at, filetypeOf(found), 'node' in found ? found.node : undefined);
    },
    fd_filestat_set_size(fd: number, size: bigint) {
      const { node } = writable(fd);
      resize(node, Number(BigInt.asUintN(64, size)));
    },
    fd_pread(fd: number, vectorsAt: number, count: number, offset: bigint, doneAt: number) {
      const file = readable(fd);
      memory.setU32(doneAt, readAt(file, memory.vectors(vectorsAt, count), position(offset)));
    },
    fd_pwrite(fd: number, vectorsAt: number, count: number, offset: bigint, doneAt: number) {
      const file = writable(fd);
      memory.setU32(doneAt, 0);
      memory.setU32(doneAt, writeAt(file, memory.vectors(vectorsAt, count), position(offset)));
    },
    fd_prestat_get(fd: number, at: number) {
      if (tree === undefined || fd !== PREOPENED) refuse('badf');
      memory.setU32(at, 0);
      memory.setU32(at + 4, PREOPENED_NAME.length);
    },
    fd_prestat_dir_name(fd: number, at: number, length: number) {
      if (tree === undefined || fd !== PREOPENED) refuse('badf');
      if (length >>> 0 < PREOPENED_NAME.length) refuse('nametoolong');
      memory.bytes(at, PREOPENED_NAME.length).set(PREOPENED_NAME);
    },
    fd_read(fd: number, vectorsAt: number, count: number, doneAt: number) {
      if (descriptors.get(fd).kind === 'input') return memory.setU32(doneAt, 0);
      const file = readable(fd);
      memory.setU32(doneAt, 0);
      const done = readAt(file, memory.vectors(vectorsAt, count), file.offset);
      file.offset += done;
      memory.setU32(doneAt, done);
    },
    fd_renumber: (from: number, to: number) => descriptors.renumber(from, to),
    fd_seek(fd: number, offset: bigint, whence: number, at: number) {
      const file = descriptors.file(fd);
      if (whence !== WHENCE.set && whence !== WHENCE.current && whence !== WHENCE.end) refuse('inval');
      const base = whence === WHENCE.set ? 0 : whence === WHENCE.current ? file.offset : file.node.length;
      const target = position(BigInt(base) + offset);
      memory.setU64(at, BigInt(target));
      file.offset = target;
    },
    fd_tell: (fd: number, at: number) => memory.setU64(at, BigInt(descriptors.file(fd).offset)),
    fd_write(fd: number, vectorsAt: number, count: number, doneAt: number) {
      const found = descriptors.get(fd);
      const vectors = memory.vectors(vectorsAt, count);
      memory.setU32(doneAt, 0);
      if (found.kind === 'output') {
        memory.charge(totalOf(vectors));
        for (const vector of vectors) found.lines.append(vector);
        memory.setU32(doneAt, totalOf(vectors));
        return;
      }
      const file = writable(fd);
      if ((file.flags & FDFLAG.append) !== 0) file.offset = file.node.length;
      const done = writeAt(file, vectors, file.offset);
      file.offset += done;
      memory.setU32(doneAt, done);
    },
  };
}

/** The 64 octets of a `filestat`. */
export function writeStat(memory: GuestMemory, at: number, filetype: number, node: TreeNode | undefined): void {
  const stat = memory.view(at, 64);
  const changedNs = BigInt(Math.floor(node?.changedMs ?? 0)) * 1_000_000n;
  const size = node?.kind === 'file' ? node.length : 0;
  const words = [0n, BigInt(node?.ino ?? 0), BigInt(filetype), 1n, BigInt(size), changedNs, changedNs, changedNs];
  words.forEach((word, i) => {
    stat.setBigUint64(i * 8, word, true);
  });
}

function rightsOf(found: { kind: string; canRead?: boolean; canWrite?: boolean }): bigint {
  if (found.kind === 'input') return RIGHT.read;
  if (found.kind === 'output') return RIGHT.write;
  const lacking =
    found.kind === 'folder' ? 0n : (found.canRead ? 0n : RIGHT.read) | (found.canWrite ? 0n : RIGHT.write);
  return RIGHT.all & ~lacking;
}

function totalOf(vectors: readonly Uint8Array[]): number {
  return vectors.reduce((sum, { length }) => sum + length, 0);
}

/** Octets from the start of a file. */
function position(offset: bigint): number {
  return offset >= 0n && offset <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(offset) : refuse('inval');
}
