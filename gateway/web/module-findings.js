/** What is wrong with modules, and what to do about it. */
import { counted, plainText } from './format.js';

/** @import { Advice, Finding, Level, ModuleReport } from './api-types.d.ts' */
/** @import { RecentGrowth } from './recent-growth.js' */

/** Longer than the longest wait between two tries, so that a module that fails at each of them does not flicker. */
const FAILING_SHOWN_MS = 90_000;
const THROTTLED_SHOWN_MS = 60_000;

/** @param {ModuleReport} module @param {RecentGrowth} growth */
export const isThrottled = ({ name, throttledRows }, growth) =>
  growth.hasGrown(`module ${name} throttled`, throttledRows, THROTTLED_SHOWN_MS);

/** It waits after a failure, or is on its feet again since a moment. @param {ModuleReport} module @param {RecentGrowth} growth */
function isFailing({ name, state, error, traps }, growth) {
  const hasTrapped = growth.hasGrown(`module ${name} traps`, traps, FAILING_SHOWN_MS);
  return (state === 'backing_off' && error !== null) || (state === 'running' && hasTrapped);
}

/** @param {ModuleReport} module @returns {Advice | null} */
export function adviceFor({ name, state, error, origin }) {
  if (state === 'quarantined') {
    return {
      text: 'It failed again and again, so it is tried only seldom: after ten minutes at first, six hours at last. When the cause is removed, have it tried at once:',
      commands: [`tidegate module resume ${name}`],
    };
  }
  if (state === 'backing_off' && error !== null) {
    return {
      text: 'It is started anew by itself after a wait, which grows with each failure. To have it tried at once:',
      commands: [`tidegate module resume ${name}`],
    };
  }
  if (state === 'refused') {
    const where = origin === 'file' ? 'the configuration or the module' : 'the module or whom this gateway trusts';
    return {
      text: `It does not run. Put right in ${where} what the error says, then restart the gateway.`,
      commands: [],
    };
  }
  return null;
}

/** @param {ModuleReport} module @returns {Advice} */
export function throttledAdvice({ name, origin }) {
  const text =
    'It needs more fuel a second than its manifest allows, so it misses points; they are stored all the same. Give it fewer series, or ask its publisher for a version that needs less.';
  if (origin === 'installed') return { text, commands: [`tidegate module configure ${name} --input SERIES`] };
  return { text: `${text} Its series stand under [[module.input]] in the configuration file.`, commands: [] };
}

/**
 * @param {ModuleReport[]} modules
 * @param {RecentGrowth} growth
 * @returns {Finding[]}
 */
export function moduleFindings(modules, growth) {
  const quarantined = modules.filter(({ state }) => state === 'quarantined');
  const refused = modules.filter(({ state }) => state === 'refused');
  const failing = modules.filter((module) => isFailing(module, growth));
  const throttled = modules.filter((module) => isThrottled(module, growth));
  return [
    ...found('problem', 'module-quarantined', 'in quarantine', quarantined, adviceFor),
    ...found('problem', 'module-refused', 'refused', refused, adviceFor),
    ...found('attention', 'module-failing', 'failing, and started anew', failing, () => null),
    ...found('attention', 'module-throttled', 'out of fuel', throttled, throttledAdvice),
  ];
}

/**
 * One finding for all modules with the same trouble; it leads to the module when there is only one.
 * @param {Level} level @param {string} topic @param {string} trouble @param {ModuleReport[]} modules
 * @param {(module: ModuleReport) => Advice | null} advise
 * @returns {Finding[]}
 */
function found(level, topic, trouble, modules, advise) {
  const [first] = modules;
  if (!first) return [];
  const isOne = modules.length === 1;
  const text = isOne
    ? `Module ${plainText(first.name, 40)}: ${trouble}`
    : `${counted(modules.length, 'module')} ${trouble}`;
  const advice = isOne ? advise(first) : forSeveral(advise(first), modules);
  return [{ level, topic, text, href: isOne ? `#module-${first.name}` : '#modules', ...(advice && { advice }) }];
}

/** The card of each has the advice with its own command. @param {Advice | null} advice @param {ModuleReport[]} modules */
function forSeveral(advice, modules) {
  if (advice === null) return null;
  const named = modules.slice(0, 3).map(({ name }) => plainText(name, 40));
  const others = modules.length > named.length ? ` and ${counted(modules.length - named.length, 'other')}` : '';
  return { text: `${named.join(', ')}${others}: what to do stands with each under Modules.`, commands: [] };
}
