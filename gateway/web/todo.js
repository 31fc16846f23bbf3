import { byId, element, follow, inner, setAttribute, setBadge, setText } from './dom.js';

/** @import { Advice, Finding } from './api-types.d.ts' */

/** A sentence, and commands that one click selects. The page itself changes nothing. */
export function createAdvice() {
  return element('div', { class: 'advice' }, element('p'), element('ul'));
}

/** @param {HTMLElement} node made by `createAdvice` @param {Advice | null} advice null hides it */
export function showAdvice(node, advice) {
  node.hidden = advice === null;
  if (advice === null) return;
  const [text, commands] = /** @type {HTMLElement[]} */ ([...node.children]);
  if (text) setText(text, advice.text);
  if (!commands) return;
  commands.hidden = advice.commands.length === 0;
  follow(commands, advice.commands, {
    key: (command) => command,
    create: (command) => element('li', {}, element('code', { class: 'command' }, ...wordsOf(command))),
    update: () => undefined,
  });
}

/** A line may break between two words, and nowhere else: not after the hyphens of an option. @param {string} command */
function wordsOf(command) {
  return command.split(' ').flatMap((word, at) => [at > 0 ? ' ' : '', element('span', {}, word)]);
}

/** The findings that ask for something to be done, each with what. */
export function createTodo() {
  const section = byId('todo');
  const list = byId('todo-list');
  /** @param {Finding[]} findings worst first */
  return (findings) => {
    const asking = findings.filter(({ advice }) => advice !== undefined);
    section.hidden = asking.length === 0;
    follow(list, asking, {
      key: ({ topic }) => topic,
      create: () => element('li', {}, element('a', {}, element('span')), createAdvice()),
      update: (node, { level, text, href, advice }) => {
        const link = inner(node);
        setAttribute(link, 'href', href);
        setBadge(inner(link), level, text);
        showAdvice(/** @type {HTMLElement} */ (node.lastElementChild), advice ?? null);
      },
    });
  };
}
