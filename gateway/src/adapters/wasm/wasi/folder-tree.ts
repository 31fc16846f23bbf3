/**
 * The private folder of a module, as it stands in memory: files and folders, no links. Nothing in it refers to the host's files. Its bounds
 * are kept here, at the only places that make a node or lengthen a file.
 */
import { refuse } from './abi.ts';
import {
  checkName,
  depthOf,
  type FileNode,
  FOLDER_LIMITS,
  type FolderNode,
  heightOf,
  isWithin,
  type TreeNode,
} from './folder-nodes.ts';

export class FolderTree {
  readonly top: FolderNode;
  readonly bytesMax: number;
  readonly #nowMs: () => number;
  #bytes = 0;
  #entries = 0;
  #ino = 1;
  /** Counts changes of any kind. */
  version = 0;

  /** @param bytesMax of all files together. @param nowMs Unix epoch, ms. */
  constructor(bytesMax: number, nowMs: () => number) {
    this.bytesMax = bytesMax;
    this.#nowMs = nowMs;
    this.top = { kind: 'folder', ino: this.#ino++, children: new Map(), changedMs: nowMs(), parent: null };
  }

  /** Octets of all files. */
  get bytes(): number {
    return this.#bytes;
  }

  get entries(): number {
    return this.#entries;
  }

  makeFile(parent: FolderNode, name: string): FileNode {
    this.#checkPlace(parent, name);
    const node: FileNode = {
      kind: 'file',
      ino: this.#ino++,
      octets: new Uint8Array(0),
      length: 0,
      changedMs: this.#nowMs(),
      version: 0,
      opens: 0,
      isRemoved: false,
    };
    this.#entries++;
    this.#link(parent, name, node);
    return node;
  }

  makeFolder(parent: FolderNode, name: string): FolderNode {
    this.#checkPlace(parent, name);
    if (depthOf(parent) + 1 >= FOLDER_LIMITS.depth) refuse('nametoolong');
    const node: FolderNode = {
      kind: 'folder',
      ino: this.#ino++,
      children: new Map(),
      changedMs: this.#nowMs(),
      parent,
    };
    this.#entries++;
    this.#link(parent, name, node);
    return node;
  }

  removeFile(parent: FolderNode, name: string, node: FileNode): void {
    this.#unlink(parent, name);
    node.isRemoved = true;
    this.release(node);
  }

  removeFolder(parent: FolderNode, name: string, node: FolderNode): void {
    if (node.children.size > 0) refuse('notempty');
    this.#unlink(parent, name);
    node.parent = null;
    this.#entries--;
  }

  /** Replaces what stands there: a file by a file, an empty folder by a folder. */
  move(from: FolderNode, name: string, to: FolderNode, newName: string): void {
    const node = from.children.get(name) ?? refuse('noent');
    const replaced = to.children.get(newName);
    if (replaced === node) return;
    if (node.kind === 'folder' && isWithin(to, node)) refuse('inval');
    checkName(newName);
    this.#checkLinked(to);
    if (depthOf(to) + heightOf(node) > FOLDER_LIMITS.depth) refuse('nametoolong');
    if (replaced?.kind === 'file') {
      if (node.kind === 'folder') refuse('notdir');
      this.removeFile(to, newName, replaced);
    } else if (replaced !== undefined) {
      if (node.kind === 'file') refuse('isdir');
      this.removeFolder(to, newName, replaced);
    }
    this.#unlink(from, name);
    if (node.kind === 'folder') node.parent = to;
    this.#link(to, newName, node);
  }

  /**
   * Changes the length of a file; what is new is zeros. At the bound: `ENOSPC`, and nothing is changed. Capacity is at most twice the length.
   * @returns octets that were moved or cleared for it.
   */
  resize(file: FileNode, length: number): number {
    const total = this.#bytes + length - file.length;
    if (length > file.length && total > this.bytesMax) refuse('nospc');
    const { octets, length: before } = file;
    let work = Math.abs(length - before);
    if (length > octets.length) {
      file.octets = new Uint8Array(Math.min(this.bytesMax, Math.max(length, octets.length * 2)));
      file.octets.set(octets.subarray(0, before));
      work = file.octets.length;
    } else if (length <= octets.length / 2) {
      file.octets = octets.slice(0, length);
      work = length;
    } else {
      octets.fill(0, length, before);
    }
    this.#bytes = total;
    file.length = length;
    this.touch(file);
    return work;
  }

  /** Fills a new file with what was read from disk; the caller has looked at the room. */
  load(file: FileNode, octets: Uint8Array, changedMs: number): void {
    this.resize(file, octets.length);
    file.octets.set(octets);
    file.changedMs = changedMs;
  }

  /** Its contents have been changed. */
  touch(file: FileNode): void {
    file.changedMs = this.#nowMs();
    file.version++;
    this.version++;
  }

  /** Gives back the room of a file that was removed, once nobody has it open. */
  release(file: FileNode): void {
    if (!file.isRemoved || file.opens > 0) return;
    this.#bytes -= file.length;
    this.#entries--;
    file.octets = new Uint8Array(0);
    file.length = 0;
  }

  #checkPlace(parent: FolderNode, name: string): void {
    checkName(name);
    this.#checkLinked(parent);
    if (this.#entries >= FOLDER_LIMITS.entries) refuse('nospc');
  }

  /** A folder that was removed while open takes nothing in. */
  #checkLinked(folder: FolderNode): void {
    if (folder !== this.top && folder.parent === null) refuse('noent');
  }

  #link(parent: FolderNode, name: string, node: TreeNode): void {
    parent.children.set(name, node);
    parent.changedMs = this.#nowMs();
    this.version++;
  }

  #unlink(parent: FolderNode, name: string): void {
    parent.children.delete(name);
    parent.changedMs = this.#nowMs();
    this.version++;
  }
}
