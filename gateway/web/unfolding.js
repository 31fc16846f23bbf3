import { element, follow, setBadge, setText } from './dom.js';

/** @import { Level } from './api-types.d.ts' */

/**
 * @typedef {object} Unfolding
 * @property {string} key
 * @property {Level} level
 * @property {string} badge
 * @property {string} title
 * @property {string} remark
 * @property {string} version changes when the inside has to be drawn anew
 * @property {(inside: HTMLElement) => void} fill called while open, once for each version
 */

/**
 * A list of lines that open on click. What is inside is made only when it is looked at.
 * @param {HTMLElement} parent
 */
export function createUnfoldingList(parent) {
  /** @type {WeakMap<HTMLElement, Unfolding>} */
  const shown = new WeakMap();

  /** @param {HTMLDetailsElement} details */
  const fill = (details) => {
    const item = shown.get(details);
    const inside = /** @type {HTMLElement} */ (details.lastElementChild);
    if (!item || !details.open || details.dataset.version === item.version) return;
    details.dataset.version = item.version;
    item.fill(inside);
  };

  const create = () => {
    const summary = element(
      'summary',
      {},
      element('span', { class: 'title' }),
      element('span'),
      element('span', { class: 'quiet' }),
    );
    const details = element('details', {}, summary, element('div', { class: 'inside' }));
    details.addEventListener('toggle', () => fill(details));
    return details;
  };

  return {
    /** @param {Unfolding[]} items */
    update(items) {
      follow(parent, items, {
        key: (item) => item.key,
        create,
        update: (details, item) => {
          shown.set(details, item);
          const [title, badge, remark] = /** @type {Element[]} */ ([...(details.firstElementChild?.children ?? [])]);
          if (title) setText(title, item.title);
          if (badge) setBadge(badge, item.level, item.badge);
          if (remark) setText(remark, item.remark);
          fill(details);
        },
      });
    },
  };
}
