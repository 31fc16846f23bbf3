/**
 * The private folder of a module on disk: read once when the instance is made, written back by `flush`. The host's files are touched here and
 * nowhere else, and never on behalf of a single call of the module.
 *
 * Each file is replaced as a whole or not at all (temporary file, fsync, rename, fsync of the folder). Files are written before others are
 * removed, so that a power cut between the two leaves one file too many, never one too few; only where a file and a folder change places, what
 * is in the way has to go first. There is no order between files beyond that.
 */
import { promises as fs } from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf } from '../../../base/errors.ts';
import { FOLDER_LIMITS, type FolderNode, isFolderName, RESERVED_NAME } from './folder-nodes.ts';
import { plan, type Step, type Stored } from './folder-plan.ts';
import { FolderTree } from './folder-tree.ts';
import { fromDisk, notPlain, readPlain, replaceFile, syncFolder, tooMuch } from './host-files.ts';

export class HostFolder {
  readonly tree: FolderTree;
  readonly #root: string;
  readonly #stored: Map<string, Stored>;
  #storedVersion: number;
  #flushing: Promise<void> | undefined;

  private constructor(tree: FolderTree, root: string, stored: Map<string, Stored>) {
    this.tree = tree;
    this.#root = root;
    this.#stored = stored;
    this.#storedVersion = tree.version;
  }

  /**
   * Reads the folder, which is made when it is not there. Nobody else may write in it while it is open.
   * @param bytesMax of all files. @param nowMs Unix epoch, ms.
   * @throws GatewayError `denied` for links and special files, `exhausted` when it holds more than is granted, `unavailable` when it cannot be read.
   */
  static async open(root: string, bytesMax: number, nowMs: () => number): Promise<HostFolder> {
    try {
      const made = await fs.mkdir(root, { recursive: true, mode: 0o700 });
      if (made !== undefined) await syncUpTo(dirname(made), dirname(root));
      await fs.rm(join(root, RESERVED_NAME), { force: true });
      const tree = new FolderTree(bytesMax, nowMs);
      const stored = new Map<string, Stored>();
      if (!(await fs.lstat(root)).isDirectory()) throw notPlain(root, 'something else than a folder');
      await readInto(tree, tree.top, root, '', stored);
      return new HostFolder(tree, root, stored);
    } catch (error) {
      throw fromDisk(`read the folder ${root}`, error);
    }
  }

  /** Whether something is not on disk yet. */
  get isDirty(): boolean {
    return this.tree.version !== this.#storedVersion;
  }

  /**
   * Writes back what stands in the folder at this moment. One at a time: a call during another one resolves with it, and `isDirty` tells
   * whether there is more. What a failed one has not done is done by the next.
   * @throws GatewayError `exhausted` when the disk is full, `unavailable` otherwise.
   */
  flush(): Promise<void> {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  async #flush(): Promise<void> {
    if (!this.isDirty) return;
    const { version } = this.tree;
    try {
      for (const step of plan(this.tree, this.#stored)) {
        await perform(step, this.#root);
        if ('node' in step)
          this.#stored.set(step.path, { node: step.node, version: 'version' in step ? step.version : 0 });
        else this.#stored.delete(step.path);
      }
    } catch (error) {
      throw fromDisk(`write the folder ${this.#root}`, error);
    }
    this.#storedVersion = version;
  }
}

async function perform(step: Step, root: string): Promise<void> {
  const path = join(root, step.path);
  if (step.do === 'makeFolder') await fs.mkdir(path, { recursive: true, mode: 0o700 });
  else if (step.do === 'removeFile') await fs.rm(path, { force: true });
  else if (step.do === 'removeFolder') await fs.rmdir(path).catch(unlessGone);
  else await replaceFile(join(root, RESERVED_NAME), path, step.octets);
  await syncFolder(join(path, '..'));
}

/** A folder is there after a power cut once its name is, and the names above it. */
async function syncUpTo(top: string, from: string): Promise<void> {
  await syncFolder(from);
  if (from.length > top.length) await syncUpTo(top, dirname(from));
}

/** A step may be done twice, when the first time only its fsync has failed. */
function unlessGone(error: unknown): void {
  if (errnoOf(error) !== 'ENOENT') throw error;
}

async function readInto(
  tree: FolderTree,
  parent: FolderNode,
  host: string,
  prefix: string,
  stored: Map<string, Stored>,
) {
  for (const { name } of await fs.readdir(host, { withFileTypes: true })) {
    const path = join(host, name);
    const stat = await fs.lstat(path);
    checkFound(tree, path, name, stat, prefix);
    const node = stat.isDirectory() ? tree.makeFolder(parent, name) : tree.makeFile(parent, name);
    if (node.kind === 'folder') await readInto(tree, node, path, `${prefix}${name}/`, stored);
    else tree.load(node, await readPlain(path, tree.bytesMax - tree.bytes), stat.mtimeMs);
    stored.set(`${prefix}${name}`, { node, version: node.kind === 'file' ? node.version : 0 });
  }
}

interface FoundStat {
  readonly nlink: number;
  readonly size: number;
  isDirectory(): boolean;
  isFile(): boolean;
  isSymbolicLink(): boolean;
}

/** Only what a module could have made itself. */
function checkFound(tree: FolderTree, path: string, name: string, stat: FoundStat, prefix: string): void {
  if (stat.isSymbolicLink()) throw notPlain(path, 'a symbolic link');
  if (!stat.isDirectory() && !stat.isFile()) throw notPlain(path, 'a special file');
  if (stat.isFile() && stat.nlink > 1) throw notPlain(path, `a file with ${stat.nlink} names`);
  if (!isFolderName(name)) throw notPlain(path, 'a name no module can give');
  const depth = prefix.split('/').length;
  if (depth + (stat.isDirectory() ? 1 : 0) > FOLDER_LIMITS.depth)
    throw tooMuch(path, `${FOLDER_LIMITS.depth} levels`, `level ${depth} and a folder`);
  if (tree.entries >= FOLDER_LIMITS.entries)
    throw tooMuch(path, `${FOLDER_LIMITS.entries} files and folders`, 'one more');
  if (stat.isFile() && tree.bytes + stat.size > tree.bytesMax)
    throw tooMuch(path, `${tree.bytesMax} octets in all files`, `${tree.bytes + stat.size}`);
}
