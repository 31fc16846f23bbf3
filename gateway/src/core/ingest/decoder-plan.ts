/**
 * A route's paths made into a small automaton: the words of all paths are numbered in one table, and a node of the path tree
 * together with the word of a key leads to the next node. Decoding a key is then one look-up of its octets and one of a number.
 */
import { GatewayError } from '../../base/errors.ts';
import { ByteTable } from './byte-table.ts';
import { NAME_BYTES_MAX } from './name-table.ts';

/** How a route's messages are read. Paths are dotted keys (`payload.temp.value`); the empty path is none. */
export interface DecoderSpec {
  /**
   * `number`: a number as text. `json`: an object, or an array of objects, with the paths below. `auto`: the same, and the usual
   * other names of value and time, bare values, and objects without a value, whose numeric members are points.
   */
  readonly decoder: 'auto' | 'number' | 'json';
  /** Where the readings are: an array of them or one; none: the document itself. */
  readonly array: string;
  readonly value: string;
  readonly time: string;
  readonly timeFormat: 'auto' | 's' | 'ms' | 'iso';
  /** Each a point of its own, named by its path; `["*"]`: every numeric member at any depth of objects. */
  readonly fields: readonly string[];
  readonly deviceKey: string;
  readonly pointKey: string;
  readonly qualityKey: string;
}

/** What the value at a node is for. */
export const ROLE = { none: 0, value: 1, time: 2, quality: 3, device: 4, point: 5, readings: 6 } as const;

/** In order of preference, when a message has more than one. */
export const VALUE_ALIASES = ['value', 'v', 'val', 'reading'];
export const TIME_ALIASES = ['time', 'ts', 'timestamp', 't'];

const FIELDS_MAX = 1000;
/** Nodes of all paths; the transition table then has at most 8 MiB. */
const NODES_MAX = 2048;
const NO_NODE = 0;

export interface DecoderPlan {
  /** Whether `find` of a key is a word that any path has. */
  readonly words: ByteTable;
  /** `next[node * words.size + word]`: the node reached, or 0. */
  readonly next: Int16Array;
  /** Per node, see `ROLE`. */
  readonly roles: Uint8Array;
  /** Per node: which of the values, or of the times by preference. */
  readonly ordinals: Int16Array;
  /** Per node: the nodes below it, which a repeated key makes void. */
  readonly below: readonly Int16Array[];
  /** Where a reading begins. */
  readonly readingRoot: number;
  /** Where the document around an array of readings begins; 0 when there is none. */
  readonly outerRoot: number;
  readonly valueCount: number;
  readonly timeCount: number;
  /** The fields that name the points, by ordinal; empty when a reading has one value. */
  readonly fields: readonly string[];
  /** Whether numeric members become points: never, always, or where a reading has no value. */
  readonly star: 'never' | 'always' | 'fallback';
  /** Whether a reading may be a value without an object around it. */
  readonly takesBareValues: boolean;
  readonly timeFormat: DecoderSpec['timeFormat'];
}

/** @throws GatewayError `invalid` when the paths contradict each other or name no value. */
export function compilePlan(spec: DecoderSpec): DecoderPlan {
  const isAuto = spec.decoder === 'auto';
  const isStar = spec.fields.length === 1 && spec.fields[0] === '*';
  if (spec.fields.length > FIELDS_MAX) throw invalid(`at most ${FIELDS_MAX} fields`, `${spec.fields.length}`);
  if (!isStar && spec.fields.includes('*')) throw invalid('"*" as the only field', spec.fields.join(', '));
  if (spec.fields.length > 0 && spec.pointKey !== '') throw invalid('fields or a point_key', 'both');
  const valuePath = spec.value === '' && isAuto ? 'value' : spec.value;
  if (spec.fields.length === 0 && valuePath === '') throw invalid('a value path or fields', 'neither');

  const tree = new PathTree();
  const readingRoot = tree.addRoot();
  const values = isStar ? [] : spec.fields.length > 0 ? spec.fields : [valuePath];
  values.forEach((path, ordinal) => {
    tree.add(readingRoot, path, ROLE.value, ordinal);
  });
  const keys = [
    [spec.time, ROLE.time],
    [spec.qualityKey, ROLE.quality],
    [spec.deviceKey, ROLE.device],
    [spec.pointKey, ROLE.point],
  ] as const;
  for (const [path, role] of keys) if (path !== '') tree.add(readingRoot, path, role, 0);
  const hasValueAliases = isAuto && spec.fields.length === 0 && valuePath === VALUE_ALIASES[0];
  const hasTimeAliases = isAuto && spec.time === TIME_ALIASES[0];
  if (hasValueAliases) tree.addAliases(readingRoot, VALUE_ALIASES, ROLE.value);
  if (hasTimeAliases) tree.addAliases(readingRoot, TIME_ALIASES, ROLE.time);

  let outerRoot = NO_NODE;
  if (spec.array !== '') {
    outerRoot = tree.addRoot();
    tree.add(outerRoot, spec.array, ROLE.readings, 0);
    for (const [path, role] of keys) if (role !== ROLE.quality) tree.addIfFree(outerRoot, path, role, 0);
    if (hasTimeAliases) tree.addAliases(outerRoot, TIME_ALIASES, ROLE.time);
  }
  return {
    ...tree.tables(),
    readingRoot,
    outerRoot,
    valueCount: hasValueAliases ? VALUE_ALIASES.length : values.length,
    timeCount: hasTimeAliases ? TIME_ALIASES.length : 1,
    fields: isStar ? [] : spec.fields,
    star: isStar ? 'always' : hasValueAliases && spec.pointKey === '' ? 'fallback' : 'never',
    takesBareValues: isAuto && spec.fields.length === 0,
    timeFormat: spec.timeFormat,
  };
}

interface PathNode {
  readonly children: Map<number, number>;
  role: number;
  ordinal: number;
}

class PathTree {
  /** Number 0 is no node. */
  readonly #nodes: PathNode[] = [{ children: new Map(), role: ROLE.none, ordinal: 0 }];
  readonly #words = new ByteTable(NODES_MAX, 'words of paths');
  readonly #encoder = new TextEncoder();

  addRoot(): number {
    if (this.#nodes.length > NODES_MAX) throw invalid(`at most ${NODES_MAX} keys in all paths together`, 'more');
    return this.#nodes.push({ children: new Map(), role: ROLE.none, ordinal: 0 }) - 1;
  }

  add(root: number, path: string, role: number, ordinal: number): void {
    const node = this.#nodeAt(root, path);
    if (node.role !== ROLE.none) throw invalid('one use of each path', `two uses of "${path}"`);
    node.role = role;
    node.ordinal = ordinal;
  }

  addIfFree(root: number, path: string, role: number, ordinal: number): void {
    if (path !== '' && this.#nodeAt(root, path).role === ROLE.none) this.add(root, path, role, ordinal);
  }

  addAliases(root: number, aliases: readonly string[], role: number): void {
    aliases.forEach((alias, ordinal) => {
      this.addIfFree(root, alias, role, ordinal);
    });
  }

  tables(): Pick<DecoderPlan, 'words' | 'next' | 'roles' | 'ordinals' | 'below'> {
    const width = this.#words.size;
    const next = new Int16Array(this.#nodes.length * width);
    this.#nodes.forEach((node, number) => {
      for (const [word, child] of node.children) next[number * width + word] = child;
    });
    return {
      words: this.#words,
      next,
      roles: Uint8Array.from(this.#nodes, (node) => node.role),
      ordinals: Int16Array.from(this.#nodes, (node) => node.ordinal),
      below: this.#nodes.map((node) => Int16Array.from(this.#below(node))),
    };
  }

  #nodeAt(root: number, path: string): PathNode {
    let node = this.#nodes[root]!;
    for (const key of path.split('.')) {
      const octets = this.#encoder.encode(key);
      if (octets.length === 0 || octets.length > NAME_BYTES_MAX) {
        throw invalid(`keys of 1 to ${NAME_BYTES_MAX} octets between dots`, `"${path}"`);
      }
      const word = this.#words.add(octets, 0, octets.length);
      let child = node.children.get(word);
      if (child === undefined) {
        child = this.addRoot();
        node.children.set(word, child);
      }
      node = this.#nodes[child]!;
    }
    return node;
  }

  #below(node: PathNode): number[] {
    return [...node.children.values()].flatMap((child) => [child, ...this.#below(this.#nodes[child]!)]);
  }
}

function invalid(expected: string, found: string): GatewayError {
  return new GatewayError('invalid', `decoder of a route: ${expected} expected, ${found} found`, {
    hint: 'See ingest.route in the reference of settings.',
  });
}
