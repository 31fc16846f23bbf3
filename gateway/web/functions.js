/** Programs that are called with one event at a time: what calls them, what waits, what failed, and how long calls take. */
import { byId, setText } from './dom.js';
import { createEntryCards } from './entry-cards.js';
import { count, counted, plainText, tookMs } from './format.js';
import { deadLetterAdvice, isFailing, REFUSED_ADVICE } from './function-findings.js';
import { gaugeFacts, percentiles } from './modules.js';

/** @import { Fact, FunctionReport, Status } from './api-types.d.ts' */
/** @import { Entry, Mark } from './entry-cards.js' */
/** @import { RecentGrowth } from './recent-growth.js' */

/** @type {Record<FunctionReport['state'], Mark>} */
const STATES = {
  running: { level: 'ok', text: 'Ready' },
  refused: { level: 'problem', text: 'Refused' },
  disabled: { level: 'info', text: 'Disabled' },
};

/** @param {RecentGrowth} growth */
export function createFunctions(growth) {
  const cards = createEntryCards(byId('functions-list'), 'More figures');
  return {
    /** @param {Status} status */
    update({ functions, functionThreads }) {
      for (const id of ['functions', 'functions-link']) byId(id).hidden = functions.length === 0;
      const threads = counted(functionThreads.running, 'thread');
      setText(byId('functions-count'), `${counted(functions.length, 'function')}, on ${threads} now.`);
      cards.update(functions.map((fn) => entryOf(fn, isFailing(fn, growth))));
    },
  };
}

/** @param {FunctionReport} fn @param {boolean} failing @returns {Entry} */
function entryOf(fn, failing) {
  const { name, module, version, error, lastError } = fn;
  const lastWords = lastError === null ? '' : `Last error: ${plainText(lastError, 300)}`;
  const hasRun = fn.state === 'running' || fn.calls > 0;
  const calledBy = fn.triggers.map((trigger) => plainText(trigger, 200)).join('\n');
  return {
    id: `function-${name}`,
    title: plainText(name, 80),
    about: `${plainText(module, 80)} ${plainText(version, 40)}`.trim(),
    marks: marksOf(fn, failing),
    fault: error !== null ? plainText(error, 300) : failing ? lastWords : '',
    past: failing || error !== null ? '' : lastWords,
    advice: fn.state === 'refused' ? REFUSED_ADVICE : deadLetterAdvice(fn),
    facts: [['Called by', calledBy], ...queueFacts(fn), ...(hasRun ? workFacts(fn) : [])],
    more: moreFacts(fn),
    beside: null,
  };
}

/** @param {FunctionReport} fn @param {boolean} failing @returns {Mark[]} */
function marksOf({ state, dead, active }, failing) {
  const stands = STATES[state] ?? { level: 'attention', text: plainText(state, 40) };
  const isCalled = state === 'running' && active > 0;
  return [
    isCalled ? { level: 'ok', text: 'In a call' } : stands,
    .../** @type {Mark[]} */ (failing ? [{ level: 'attention', text: 'Failing' }] : []),
    .../** @type {Mark[]} */ (dead > 0 ? [{ level: 'attention', text: counted(dead, 'dead letter') }] : []),
  ];
}

/** @param {FunctionReport} fn @returns {Fact[]} */
function queueFacts({ queued, dead }) {
  return [
    ['Waiting', counted(queued, 'event')],
    ['Dead letters', dead === 0 ? 'none' : count(dead)],
  ];
}

/** @param {FunctionReport} fn @returns {Fact[]} */
function workFacts(fn) {
  const { calls, failures, retries, deadLettered, coldStarts, coldStart, warmCalls } = fn;
  return [
    ['Calls', failures === 0 ? count(calls) : `${count(calls)}, ${count(failures)} failed`],
    [
      'Failed tries',
      retries + deadLettered === 0 ? '' : `${count(retries)} tried again, ${count(deadLettered)} given up`,
    ],
    ['A call takes', percentiles(fn.duration.p50Ms, fn.duration.p99Ms)],
    ['Cold starts', coldStarts === 0 ? 'none' : `${count(coldStarts)}, p50 ${tookMs(coldStart.p50Ms)}`],
    ['Warm calls', count(warmCalls)],
    ['Instances', `${count(fn.instances)} of at most ${count(fn.concurrency)}, ${count(fn.active)} in a call`],
  ];
}

/** @param {FunctionReport} fn @returns {Fact[]} */
function moreFacts({ coldStart, prewarmed, reclaimed, overflowed, dropped, gauges }) {
  return [
    ['Cold start p99', coldStart.p99Ms === null ? '–' : tookMs(coldStart.p99Ms)],
    ['Made ahead', counted(prewarmed, 'instance')],
    ['Taken back', counted(reclaimed, 'instance')],
    ['Queue was full', counted(overflowed, 'time')],
    ['Dead letters lost', count(dropped)],
    ...gaugeFacts(gauges),
  ];
}
