import { element, follow, inner, setBadge, setText } from './dom.js';
import { showFacts } from './fact-list.js';
import { createAdvice, showAdvice } from './todo.js';

/** @import { Advice, Fact, Level } from './api-types.d.ts' */

/** @typedef {{ level: Level, text: string }} Mark */

/**
 * @typedef {object} Entry
 * @property {string} id of its element: findings lead there; unique on the page
 * @property {string} title
 * @property {string} about
 * @property {Mark[]} marks the first is its state
 * @property {string} fault why it does not work now
 * @property {string} past what went wrong some time ago
 * @property {Advice | null} advice
 * @property {Fact[]} facts
 * @property {Fact[]} more shown when asked for
 * @property {Beside | null} beside
 */

/**
 * Another thing that runs beside this one.
 * @typedef {{ title: string, mark: Mark, fault: string, facts: Fact[] }} Beside
 */

/**
 * A list of cards, one for each entry, in the order given: side by side where there is room, one below the other on a phone.
 * @param {HTMLElement} parent
 * @param {string} moreLabel what opens the rest of an entry
 */
export function createEntryCards(parent, moreLabel) {
  /** @type {WeakMap<HTMLElement, (entry: Entry) => void>} */
  const updates = new WeakMap();

  /** @param {Entry} entry */
  const create = ({ id }) => {
    const titleId = `${id}-title`;
    const title = element('h3', { id: titleId });
    const about = element('p', { class: 'quiet' });
    const marks = element('ul', { class: 'remarks' });
    const fault = element('p', { class: 'fault' });
    const past = element('p', { class: 'quiet' });
    const advice = createAdvice();
    const facts = element('dl', { class: 'facts' });
    const beside = createBeside();
    const more = element('dl', { class: 'facts' });
    const summary = element('summary', { class: 'quiet' }, moreLabel, element('span', { class: 'unseen' }));
    const details = element('details', {}, summary, more);
    const root = element('li', { id, class: 'entry', 'aria-labelledby': titleId, tabindex: '-1' });
    root.append(
      element('div', { class: 'head' }, title, marks),
      about,
      fault,
      past,
      advice,
      facts,
      beside.root,
      details,
    );
    updates.set(root, (entry) => {
      setText(title, entry.title);
      setText(about, entry.about);
      showMarks(marks, entry.marks);
      showText(fault, entry.fault);
      showText(past, entry.past);
      showAdvice(advice, entry.advice);
      showFacts(facts, entry.facts);
      beside.update(entry.beside);
      setText(inner(summary), ` of ${entry.title}`);
      showFacts(more, entry.more);
      root.className = `entry ${worst(entry.marks)}-entry`;
    });
    return root;
  };

  return {
    /** @param {Entry[]} entries */
    update(entries) {
      parent.hidden = entries.length === 0;
      follow(parent, entries, {
        key: ({ id }) => id,
        create,
        update: (node, entry) => updates.get(node)?.(entry),
      });
    },
  };
}

function createBeside() {
  const title = element('h4');
  const mark = element('span');
  const fault = element('p', { class: 'fault' });
  const facts = element('dl', { class: 'facts' });
  const root = element('div', { class: 'beside' }, element('div', { class: 'title-row' }, title, mark), fault, facts);
  return {
    root,
    /** @param {Beside | null} beside */
    update(beside) {
      root.hidden = beside === null;
      if (beside === null) return;
      setText(title, beside.title);
      setBadge(mark, beside.mark.level, beside.mark.text);
      showText(fault, beside.fault);
      showFacts(facts, beside.facts);
    },
  };
}

/** @param {Mark[]} marks @returns {Level} */
function worst(marks) {
  const levels = marks.map(({ level }) => level);
  return levels.includes('problem') ? 'problem' : levels.includes('attention') ? 'attention' : 'ok';
}

/** @param {HTMLElement} list @param {Mark[]} marks */
function showMarks(list, marks) {
  follow(list, marks, {
    key: ({ text }) => text,
    create: () => element('li', {}, element('span')),
    update: (node, { level, text }) => setBadge(inner(node), level, text),
  });
}

/** @param {HTMLElement} node hidden while it has nothing to say @param {string} text */
function showText(node, text) {
  node.hidden = text === '';
  setText(node, text);
}
