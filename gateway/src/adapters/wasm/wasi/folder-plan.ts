/** The difference between a module's folder in memory and what is on disk, as steps that each can be done twice. */
import type { FolderNode, TreeNode } from './folder-nodes.ts';
import type { FolderTree } from './folder-tree.ts';

/** What is on disk under a path: which node, and for a file at which of its versions. */
export interface Stored {
  readonly node: TreeNode;
  readonly version: number;
}

export type Step =
  | { readonly do: 'makeFolder'; readonly path: string; readonly node: TreeNode }
  | {
      readonly do: 'write';
      readonly path: string;
      readonly node: TreeNode;
      readonly version: number;
      readonly octets: Uint8Array;
    }
  | { readonly do: 'removeFile'; readonly path: string }
  | { readonly do: 'removeFolder'; readonly path: string };

/** Steps from what is on disk to what stands in the tree; contents are copied, for the module goes on while they are written. */
export function plan(tree: FolderTree, stored: ReadonlyMap<string, Stored>): Step[] {
  const wanted = new Map([...walk(tree.top, '')]);
  const inTheWay = [...stored].filter(([path, { node }]) => (wanted.get(path)?.kind ?? node.kind) !== node.kind);
  const gone = [...stored].filter(([path]) => !wanted.has(path));
  const blocked = inTheWay.some(([, { node }]) => node.kind === 'folder');
  const removals = (rows: readonly [string, Stored][]) =>
    rows
      .toSorted(([a], [b]) => b.length - a.length) // what is in a folder goes before the folder
      .map(([path, { node }]): Step => ({ do: node.kind === 'file' ? 'removeFile' : 'removeFolder', path }));
  const kept = [...wanted].flatMap(([path, node]): Step[] => {
    const before = stored.get(path);
    if (node.kind === 'folder') return before?.node.kind === 'folder' ? [] : [{ do: 'makeFolder', path, node }];
    if (before?.node === node && before.version === node.version) return [];
    return [{ do: 'write', path, node, version: node.version, octets: node.octets.slice(0, node.length) }];
  });
  // A folder that gives its name to a file must be empty first: then removals cannot wait.
  return blocked ? [...removals([...inTheWay, ...gone]), ...kept] : [...removals(inTheWay), ...kept, ...removals(gone)];
}

/** Paths below a folder, each after the folder it stands in. */
function* walk(folder: FolderNode, prefix: string): Generator<[string, TreeNode]> {
  for (const [name, node] of folder.children) {
    yield [`${prefix}${name}`, node];
    if (node.kind === 'folder') yield* walk(node, `${prefix}${name}/`);
  }
}
