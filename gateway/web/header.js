import { byId, element, follow, inner, setAttribute, setBadge, setText } from './dom.js';
import { findings } from './findings.js';
import { ago } from './format.js';
import { createTodo } from './todo.js';

/** @import { Status } from './api-types.d.ts' */
/** @import { RecentGrowth } from './recent-growth.js' */

/** One lost question is weather; two are news. */
const FAILURES_SHOWN_FROM = 2;

/**
 * Draws the gateway's name, its state in plain words, what to do about it, and the banners: of developer mode, and while the page
 * cannot reach the gateway.
 * @param {RecentGrowth} growth
 */
export function createHeader(growth) {
  const headline = inner(byId('headline'));
  const banner = byId('lost');
  const updateTodo = createTodo();
  let lastAnswerMs = 0;
  let announced = '';

  return {
    /** @param {Status} status */
    update(status) {
      lastAnswerMs = Date.now();
      banner.hidden = true;
      byId('page').hidden = false; // not before: empty lists would say that nothing has happened
      document.documentElement.classList.remove('stale');
      for (const mark of document.querySelectorAll('.developer')) {
        /** @type {HTMLElement} */ (mark).hidden = !status.gateway.developerMode;
      }
      const [first, ...others] = findings(status, growth);
      if (!first) return;
      setText(byId('gateway-name'), status.gateway.id);
      setText(byId('gateway-about'), `Tidegate ${status.gateway.version}`);
      setBadge(headline, first.level, first.text);
      follow(byId('remarks'), others, {
        key: (finding) => `${finding.topic} ${finding.level}`,
        create: () => element('li', {}, element('a', {}, element('span'))),
        update: (node, finding) => {
          const link = inner(node);
          setAttribute(link, 'href', finding.href);
          setBadge(inner(link), finding.level, finding.text);
        },
      });
      updateTodo([first, ...others]);
      document.title = `${first.level === 'ok' ? '' : `${first.text} · `}${status.gateway.id}`;
      // Spoken only when the kinds of findings change, not whenever a number does.
      const topics = [first, ...others].map((finding) => finding.topic).join();
      if (topics !== announced) setText(byId('announce'), first.text);
      announced = topics;
    },

    /** @param {Error} error @param {number} failures in a row */
    showLost(error, failures) {
      if (failures < FAILURES_SHOWN_FROM && lastAnswerMs !== 0) return;
      banner.hidden = false;
      document.documentElement.classList.add('stale');
      setText(byId('lost-what'), 'This page cannot reach the gateway.');
      const since = lastAnswerMs
        ? `Last answer ${ago(lastAnswerMs, Date.now())}: what you see may be old.`
        : 'Is this device on the gateway’s network?';
      setText(byId('lost-since'), `${since} Trying again (${error.message}).`);
      setBadge(headline, 'problem', 'No connection');
      byId('remarks').replaceChildren();
      announced = 'lost';
    },
  };
}
