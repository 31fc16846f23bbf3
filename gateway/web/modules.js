/** The programs that turn readings into other readings: whether they run, who answers for them, and what they cost. */
import { canaryOf } from './canary.js';
import { byId, setText } from './dom.js';
import { createEntryCards } from './entry-cards.js';
import { count, counted, octets, plainText, tookMs, value } from './format.js';
import { adviceFor, isThrottled, throttledAdvice } from './module-findings.js';

/** @import { Fact, ModuleReport, Status } from './api-types.d.ts' */
/** @import { Entry, Mark } from './entry-cards.js' */
/** @import { RecentGrowth } from './recent-growth.js' */

/** @type {Record<ModuleReport['state'], Mark>} */
const STATES = {
  running: { level: 'ok', text: 'Running' },
  backing_off: { level: 'attention', text: 'Waiting after a failure' },
  quarantined: { level: 'problem', text: 'In quarantine' },
  refused: { level: 'problem', text: 'Refused' },
  disabled: { level: 'info', text: 'Disabled' },
};

/** @type {Mark} */
const STARTING = { level: 'info', text: 'Starting' };

/** @type {Record<string, string>} */
const SOURCES = { program: 'comes with the program', installed: 'installed', folder: 'from a developer’s folder' };

const INPUTS_SHOWN = 3;

/** @param {RecentGrowth} growth */
export function createModules(growth) {
  const cards = createEntryCards(byId('modules-list'), 'More figures');
  return {
    /** @param {Status} status */
    update({ modules, modulesSkippedPoints }) {
      byId('modules-empty').hidden = modules.length > 0;
      setText(byId('modules-count'), summary(modules, modulesSkippedPoints));
      cards.update(modules.map((module) => entryOf(module, isThrottled(module, growth))));
    },
  };
}

/** @param {ModuleReport[]} modules @param {number} skipped */
function summary(modules, skipped) {
  const running = modules.filter(({ state }) => state === 'running').length;
  const missed = `${counted(skipped, 'point')} passed by while they were behind: stored, but not computed with.`;
  if (modules.length === 0) return '';
  return `${count(running)} of ${counted(modules.length, 'module')} running. ${skipped > 0 ? missed : ''}`.trim();
}

/** @param {ModuleReport} module @param {boolean} throttled @returns {Entry} */
function entryOf(module, throttled) {
  const { name, version, state, error } = module;
  const why = error === null ? '' : plainText(error, 300);
  return {
    id: `module-${name}`,
    title: plainText(name, 80),
    about: `${plainText(module.module, 80)} ${plainText(version, 40)}`.trim(),
    marks: marksOf(module, throttled),
    fault: state === 'running' ? '' : why,
    past: state === 'running' && why !== '' ? `Last failure: ${why}` : '',
    advice: adviceFor(module) ?? (throttled ? throttledAdvice(module) : null),
    facts: [['Signed by', signedBy(module)], ...(hasRun(module) ? workFacts(module) : [])],
    more: [...(hasRun(module) ? moreFacts(module) : []), ...originFacts(module)],
    beside: canaryOf(module),
  };
}

/** @param {ModuleReport} module @param {boolean} throttled @returns {Mark[]} */
function marksOf(module, throttled) {
  const { state, error, failures } = module;
  const isStarting = state === 'backing_off' && error === null && failures === 0;
  const stands = STATES[state] ?? { level: 'attention', text: plainText(state, 40) };
  return [
    isStarting ? STARTING : stands,
    .../** @type {Mark[]} */ (isUnsigned(module) ? [{ level: 'attention', text: 'Signed by nobody' }] : []),
    .../** @type {Mark[]} */ (throttled ? [{ level: 'attention', text: 'Out of fuel' }] : []),
  ];
}

/** Only what was loaded has a class of trust. @param {ModuleReport} module */
const isUnsigned = ({ publisher, trust }) => publisher === null && trust !== '';

/** @param {ModuleReport} module */
const hasRun = ({ state, calls, traps }) => (state !== 'refused' && state !== 'disabled') || calls > 0 || traps > 0;

/** @param {ModuleReport} module */
function signedBy(module) {
  const { publisher, from, trust } = module;
  if (trust === '') return 'not known: it could not be loaded';
  if (isUnsigned(module)) return 'nobody';
  return from === 'program' ? 'Tidegate' : `${plainText(publisher, 80)} (${plainText(trust, 20)})`;
}

/** What is worth a look at any time, and whatever is not as it should be. @param {ModuleReport} module @returns {Fact[]} */
function workFacts({ rowsIn, rowsOut, throttledRows, traps, restarts, dropped, ...module }) {
  return [
    ['Reads', inputsOf(module)],
    ['Points', `${count(rowsIn)} in, ${count(rowsOut)} out`],
    ['A call takes', percentiles(module.callP50Ms, module.callP99Ms)],
    ['Memory', octets(module.memoryBytes)],
    ['Left out for fuel', throttledRows === 0 ? '' : counted(throttledRows, 'point')],
    ['Traps', traps === 0 ? '' : `${count(traps)}, ${counted(restarts, 'restart')}`],
    ['Dropped, over its rates', drops(dropped)],
  ];
}

/** A line for each glob, of the first few. @param {Pick<ModuleReport, 'inputs' | 'seriesRead'>} module */
function inputsOf({ inputs, seriesRead }) {
  const lines = inputs.slice(0, INPUTS_SHOWN).map(({ series }, index) => {
    const found = seriesRead[index];
    const howMany = found === undefined ? 'series' : found === 0 ? 'no series yet' : `${count(found)} series`;
    return `${howMany} of ${plainText(series, 80)}`;
  });
  return [...lines, ...(inputs.length > lines.length ? [`and ${count(inputs.length - lines.length)} more`] : [])].join(
    '\n',
  );
}

/** @param {ModuleReport} module @returns {Fact[]} */
function originFacts({ previous, from, origin }) {
  return [
    ['Previous version', previous === null ? 'none' : plainText(previous, 40)],
    ['Package', SOURCES[from] ?? ''],
    ['Set up', origin === 'file' ? 'in the configuration file' : 'by tidegate module install'],
  ];
}

/** @param {ModuleReport} module @returns {Fact[]} */
function moreFacts({ throttledRows, traps, dropped, gauges, refusals, failures, lastCallTookMs, calls, fuel }) {
  return [
    ['Calls', count(calls)],
    ['Last call took', calls === 0 ? '' : tookMs(lastCallTookMs)],
    ['Fuel per call', calls === 0 ? '' : count(fuel / calls)],
    ['Left out for fuel', throttledRows === 0 ? 'none' : ''],
    ['Traps', traps === 0 ? 'none' : ''],
    ['Failures in a row', count(failures)],
    ['Batches it refused', count(refusals)],
    ['Dropped, over its rates', drops(dropped) === '' ? 'nothing' : ''],
    ...gaugeFacts(gauges),
  ];
}

/** What it asked for beyond what it may, a line each; empty: nothing. @param {ModuleReport['dropped']} dropped */
function drops({ logLines, metrics, emits }) {
  const lines = [
    logLines > 0 ? counted(logLines, 'log line') : '',
    metrics > 0 ? counted(metrics, 'gauge reading') : '',
    emits > 0 ? counted(emits, 'event') : '',
  ];
  return lines.filter(Boolean).join('\n');
}

/** What the program itself counts, by its own names. @param {Record<string, number | null>} gauges @returns {Fact[]} */
export function gaugeFacts(gauges) {
  return Object.entries(gauges).map(([name, reading]) => [`Gauge ${plainText(name, 64)}`, value(reading)]);
}

/** @param {number | null} p50Ms @param {number | null} p99Ms */
export function percentiles(p50Ms, p99Ms) {
  return p50Ms === null ? '–' : `p50 ${tookMs(p50Ms)}, p99 ${tookMs(p99Ms)}`;
}
