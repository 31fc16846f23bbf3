import { element, follow, setText } from './dom.js';

/** @import { Fact } from './api-types.d.ts' */

/** @param {Element} list a `dl` whose children all come from here @param {Fact[]} facts */
export function showFacts(list, facts) {
  follow(
    list,
    facts.filter(([, fact]) => fact !== ''),
    {
      key: ([term]) => term,
      create: ([term]) => element('div', {}, element('dt', {}, term), element('dd')),
      update: (node, [, fact]) => setText(/** @type {Element} */ (node.lastElementChild), fact),
    },
  );
}
