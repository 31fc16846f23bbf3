import { refuse } from './abi.ts';
import type { FolderNode, TreeNode } from './folder-nodes.ts';

/** Where a path leads: a name in a folder, and what stands there now. */
export interface Place {
  readonly parent: FolderNode;
  /** Empty for the folder the path began in. */
  readonly name: string;
  readonly node: TreeNode | undefined;
  /** It ended with `/`. */
  readonly mustBeFolder: boolean;
}

/**
 * Follows a path from a folder. There are no links, so `..` is the way back by which one came; above where one began, and for absolute
 * paths: `ENOTCAPABLE`.
 */
export function follow(from: FolderNode, path: string): Place {
  if (path === '') refuse('noent');
  if (path.startsWith('/')) refuse('notcapable');
  if (path.includes('\0')) refuse('inval');
  const steps: { parent: FolderNode; name: string }[] = [];
  let at: TreeNode | undefined = from;
  for (const name of path.split('/')) {
    if (name === '') continue;
    if (at === undefined) refuse('noent');
    if (at.kind !== 'folder') refuse('notdir');
    if (name === '.') continue;
    if (name === '..') {
      at = (steps.pop() ?? refuse('notcapable')).parent;
      continue;
    }
    steps.push({ parent: at, name });
    at = at.children.get(name);
  }
  const last = steps.at(-1) ?? { parent: from, name: '' };
  return { ...last, node: at, mustBeFolder: /(^|\/)\.?$/.test(path) };
}
