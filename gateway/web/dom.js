/** The page's only way to make and change elements. Text goes in as text: nothing here, or anywhere on the page, parses HTML. */

/** @import { Level } from './api-types.d.ts' */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, text] of Object.entries(attributes)) node.setAttribute(name, text);
  node.append(...children);
  return node;
}

/**
 * The element that index.html promises.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`index.html has no element #${id}`);
  return node;
}

/** Writes only what differs, so that selections and screen readers are left in peace. @param {Element} node @param {string} text */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** @param {Element} node @param {string} name @param {string} text */
export function setAttribute(node, name, text) {
  if (node.getAttribute(name) !== text) node.setAttribute(name, text);
}

/**
 * The first element within `node`, made when there is none yet.
 * @param {Element} node
 * @param {'a' | 'span'} [tag]
 * @returns {HTMLElement}
 */
export function inner(node, tag) {
  if (tag && !node.firstElementChild) node.append(element(tag));
  return /** @type {HTMLElement} */ (node.firstElementChild);
}

const BADGE_MARKS = { ok: '✓', info: 'i', attention: '!', problem: '✕' };

/**
 * A word with a mark before it: the mark and the word carry the meaning, the colour only repeats it.
 * @param {Element} node made a badge
 * @param {Level} level
 * @param {string} text
 */
export function setBadge(node, level, text) {
  setAttribute(node, 'class', `badge ${level}`);
  if (node.childElementCount !== 2) {
    node.replaceChildren(element('span', { class: 'mark', 'aria-hidden': 'true' }), element('span'));
  }
  setText(inner(node), BADGE_MARKS[level]);
  setText(/** @type {Element} */ (node.lastElementChild), text);
}

/**
 * Makes the children of `parent` follow `items`: those with the same key stay, so that focus and open details survive.
 * @template T
 * @template {HTMLElement} N
 * @param {Element} parent whose children all come from here
 * @param {readonly T[]} items
 * @param {{ key: (item: T) => string, create: (item: T) => N, update: (node: N, item: T) => void }} row
 */
export function follow(parent, items, { key, create, update }) {
  const wanted = new Set(items.map(key));
  /** @type {Map<string, N>} */
  const present = new Map();
  for (const child of /** @type {N[]} */ ([...parent.children])) {
    const childKey = child.dataset.key ?? '';
    if (wanted.has(childKey) && !present.has(childKey)) present.set(childKey, child);
    else child.remove();
  }
  let cursor = parent.firstElementChild;
  for (const item of items) {
    const itemKey = key(item);
    let node = present.get(itemKey);
    present.delete(itemKey);
    if (!node) {
      node = create(item);
      node.dataset.key = itemKey;
    }
    update(node, item);
    if (node === cursor) cursor = cursor.nextElementSibling;
    else parent.insertBefore(node, cursor);
  }
}
