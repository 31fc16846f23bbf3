/** Topic names and filters, section 4.7. */
import type { Qos } from './frames.ts';

export function isTopicName(topic: string): boolean {
  return topic.length > 0 && !/[+#\0]/.test(topic);
}

export function isTopicFilter(filter: string): boolean {
  if (filter.length === 0) return false;
  const levels = filter.split('/');
  return levels.every((level, index) => {
    if (level === '#') return index === levels.length - 1;
    return level === '+' || !/[+#]/.test(level);
  });
}

/** Filters beginning with a wildcard do not match topics beginning with `$` (section 4.7.2). */
export function matchesFilter(filter: string, topic: string): boolean {
  const filterLevels = filter.split('/');
  const topicLevels = topic.split('/');
  if (topic.startsWith('$') && (filterLevels[0] === '#' || filterLevels[0] === '+')) return false;
  for (const [index, level] of filterLevels.entries()) {
    if (level === '#') return true;
    const name = topicLevels[index];
    if (name === undefined || (level !== '+' && level !== name)) return false;
  }
  return filterLevels.length === topicLevels.length;
}

interface Node<T> {
  readonly children: Map<string, Node<T>>;
  readonly subscribers: Map<T, Qos>;
}

function emptyNode<T>(): Node<T> {
  return { children: new Map(), subscribers: new Map() };
}

/** Subscriptions by level, so that routing a message costs its depth and not the number of subscriptions. */
export class SubscriptionTree<T> {
  readonly #root: Node<T> = emptyNode();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(filter: string, subscriber: T, qos: Qos): void {
    let node = this.#root;
    for (const level of filter.split('/')) {
      let child = node.children.get(level);
      if (child === undefined) {
        child = emptyNode();
        node.children.set(level, child);
      }
      node = child;
    }
    if (!node.subscribers.has(subscriber)) this.#size++;
    node.subscribers.set(subscriber, qos);
  }

  remove(filter: string, subscriber: T): void {
    const path: [Node<T>, string][] = [];
    let node = this.#root;
    for (const level of filter.split('/')) {
      const child = node.children.get(level);
      if (child === undefined) return;
      path.push([node, level]);
      node = child;
    }
    if (node.subscribers.delete(subscriber)) this.#size--;
    for (const [parent, level] of path.reverse()) {
      const child = parent.children.get(level)!;
      if (child.subscribers.size > 0 || child.children.size > 0) break;
      parent.children.delete(level);
    }
  }

  /** Every subscriber of a topic once, with the highest QoS of its matching filters. */
  match(topic: string): Map<T, Qos> {
    const found = new Map<T, Qos>();
    const take = (node: Node<T>) => {
      for (const [subscriber, qos] of node.subscribers)
        found.set(subscriber, Math.max(qos, found.get(subscriber) ?? 0) as Qos);
    };
    const levels = topic.split('/');
    const walk = (node: Node<T>, depth: number) => {
      const wildcards = depth > 0 || !topic.startsWith('$');
      const rest = wildcards ? node.children.get('#') : undefined;
      if (rest !== undefined) take(rest);
      if (depth === levels.length) return take(node);
      const named = node.children.get(levels[depth]!);
      if (named !== undefined) walk(named, depth + 1);
      const any = wildcards ? node.children.get('+') : undefined;
      if (any !== undefined) walk(any, depth + 1);
    };
    walk(this.#root, 0);
    return found;
  }
}
