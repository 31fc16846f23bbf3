/** What is wrong with functions, and what to do about it. */
import { counted, plainText } from './format.js';

/** @import { Advice, Finding, FunctionReport } from './api-types.d.ts' */
/** @import { RecentGrowth } from './recent-growth.js' */

/** Between two tries of an event lie five minutes at most, unless it was configured otherwise. */
const FAILING_SHOWN_MS = 6 * 60_000;

/** @param {FunctionReport} fn @param {RecentGrowth} growth */
export const isFailing = ({ name, failures }, growth) =>
  growth.hasGrown(`function ${name} failures`, failures, FAILING_SHOWN_MS);

/** @type {Advice} */
export const REFUSED_ADVICE = {
  text: 'It does not run; what waits for it is kept. Put right what the error says, then restart the gateway.',
  commands: [],
};

/** @param {FunctionReport} fn @returns {Advice | null} */
export function deadLetterAdvice({ name, dead }) {
  if (dead === 0) return null;
  return {
    text: 'Events that could not be dealt with after all tries; they are kept. See why, then have each tried again, or delete it, by its number:',
    commands: [
      `tidegate function dead list --function ${name}`,
      'tidegate function dead retry ID',
      'tidegate function dead drop ID',
    ],
  };
}

/** @param {FunctionReport[]} functions @param {RecentGrowth} growth @returns {Finding[]} */
export function functionFindings(functions, growth) {
  const failing = functions.filter((fn) => isFailing(fn, growth));
  const refused = functions.filter(({ state }) => state === 'refused');
  const withDead = functions.filter(({ dead }) => dead > 0);
  const dead = withDead.reduce((sum, fn) => sum + fn.dead, 0);
  /** @type {Finding[]} */
  const found = [];
  if (refused.length > 0) {
    const text = `${named(refused)} refused`;
    found.push({ level: 'problem', topic: 'function-refused', text, href: anchor(refused), advice: REFUSED_ADVICE });
  }
  if (failing.length > 0) {
    const advice = {
      text: 'Its calls fail; the events are tried again. The last error stands with it. For all its figures:',
      commands: [`tidegate function show ${failing.length === 1 ? failing[0]?.name : 'NAME'}`],
    };
    const words = `${named(failing)} failing`;
    found.push({ level: 'attention', topic: 'function-failing', text: words, href: anchor(failing), advice });
  }
  const [first] = withDead;
  if (first) {
    const advice = deadLetterAdvice(withDead.length === 1 ? first : { ...first, name: 'NAME' });
    const text = counted(dead, 'dead letter');
    found.push({ level: 'attention', topic: 'dead-letters', text, href: anchor(withDead), ...(advice && { advice }) });
  }
  return found;
}

/** @param {FunctionReport[]} functions */
function named(functions) {
  const [first] = functions;
  return first && functions.length === 1
    ? `Function ${plainText(first.name, 40)}:`
    : counted(functions.length, 'function');
}

/** @param {FunctionReport[]} functions */
const anchor = (functions) => (functions.length === 1 ? `#function-${functions[0]?.name}` : '#functions');
