import { count, counted, plainText, rate } from './format.js';

/** @import { Fact, ModuleReport } from './api-types.d.ts' */
/** @import { Beside } from './entry-cards.js' */

/** The version that runs beside a module, and how the two compare. @param {ModuleReport} module @returns {Beside | null} */
export function canaryOf({ canary, previous }) {
  if (canary === null) return null;
  const { version, calls, rowsLive, rowsCanary, rowsDiffering, fuelLive, fuelCanary, failures, notCarried } = canary;
  const isCompared = notCarried === null;
  const compared = Math.max(rowsLive, rowsCanary);
  /** @type {Fact[]} */
  const facts = [
    ['Calls of both', count(calls)],
    ['Rows compared', isCompared ? count(compared) : `none: it began anew (${plainText(notCarried, 300)})`],
    ['Rows that differ', isCompared ? count(rowsDiffering) : ''],
    ['Fuel', fuelLive > 0 ? `${ratio(fuelCanary / fuelLive)} times the live version’s` : 'nothing to compare yet'],
    ['Failures', failures > 0 ? count(failures) : ''],
  ];
  return {
    title: `${version === previous ? 'Previous version' : 'Canary'} ${plainText(version, 40)}`,
    mark: markOf(failures, isCompared ? rowsDiffering : 0, isCompared),
    fault: canary.error === null ? '' : plainText(canary.error, 300),
    facts,
  };
}

/** @param {number} failures @param {number} differing @param {boolean} isCompared @returns {Beside['mark']} */
function markOf(failures, differing, isCompared) {
  if (failures > 0) return { level: 'problem', text: 'Failing' };
  if (differing > 0)
    return { level: 'attention', text: `${counted(differing, 'row')} differ${differing === 1 ? 's' : ''}` };
  return isCompared ? { level: 'ok', text: 'Same output' } : { level: 'info', text: 'Runs beside' };
}

/** `0.98`, `1.3`, `12.4` @param {number} n */
const ratio = (n) => (n < 10 ? String(Math.round(n * 100) / 100) : rate(n));
