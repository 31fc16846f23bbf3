/** What a technician should know now, in plain words, worst first: the page's headline and the lines under it. */
import { counted, days } from './format.js';
import { functionFindings } from './function-findings.js';
import { intakeFindings } from './intake-findings.js';
import { moduleFindings } from './module-findings.js';

/** @import { Finding, Level, Status } from './api-types.d.ts' */
/** @import { RecentGrowth } from './recent-growth.js' */

/** Below this the disk is a problem, not a remark: time enough for a visit. */
const DAYS_LEFT_LOW = 7;

/** A failed action is yesterday's news after a day. */
const FAILED_ACTION_SHOWN_MS = 24 * 3_600_000;

/** @type {Finding} */
const DEVELOPER_MODE = {
  level: 'attention',
  topic: 'developer-mode',
  text: 'Developer mode',
  href: '#todo',
  advice: {
    text: 'Programs that nobody vouches for may run on this gateway. That is meant for a developer’s desk. Where the gateway does real work, write developer_mode = false under [modules] in its configuration file, and restart it.',
    commands: [],
  },
};

/** "All is well" leads over remarks that ask for nothing. */
const RANK = { problem: 0, attention: 1, ok: 2, info: 3 };

/**
 * Never empty.
 * @param {Status} status
 * @param {RecentGrowth} growth
 * @returns {Finding[]}
 */
export function findings(status, growth) {
  const { gateway, ledger, ingest, modules, functions, store, alarms, sagas } = status;
  /** @type {Finding[]} */
  const found = [];
  /** @param {Level} level @param {string} topic @param {string} text */
  const add = (level, topic, text) => found.push({ level, topic, text, href: `#${topic}` });

  if (ledger.received === 0) add('info', 'gateway', `Ready: waiting for the first reading at ${ingest.address}`);
  const raised = alarms.filter((alarm) => alarm.state === 'raised').length;
  if (raised > 0) add('problem', 'alarms', counted(raised, 'alarm'));
  if (!ledger.balanced) add('problem', 'ledger', 'The ledger does not balance');
  if (gateway.state === 'draining') add('attention', 'gateway', 'The gateway is stopping: finishing its work');
  addSync(status, add);
  found.push(...intakeFindings(status), ...moduleFindings(modules, growth), ...functionFindings(functions, growth));
  if (gateway.developerMode) found.push(DEVELOPER_MODE);
  if (store.daysLeft !== null && store.daysLeft < DAYS_LEFT_LOW) {
    add('problem', 'storage', `The disk is full in ${days(store.daysLeft)}`);
  }
  const sinceMs = gateway.nowMs - FAILED_ACTION_SHOWN_MS;
  const failed = sagas.filter((saga) => saga.state === 'failed' && saga.updatedMs > sinceMs).length;
  if (failed > 0) add('attention', 'actions', `${counted(failed, 'action')} failed and could not be undone`);
  if (ledger.received > 0 && found.every((finding) => finding.level === 'info')) add('ok', 'gateway', 'All is well');
  return found.sort((a, b) => RANK[a.level] - RANK[b.level]);
}

/**
 * @param {Status} status
 * @param {(level: Level, topic: string, text: string) => void} add
 */
function addSync({ sync, store, ledger }, add) {
  if (!sync.configured) return add('info', 'cloud', 'No cloud is set up: readings are kept on this gateway');
  const waiting = `${counted(ledger.queued, 'point')} waiting`;
  if (!sync.enabled) return add('info', 'cloud', `Sending to the cloud is switched off: ${waiting}`);
  if (sync.link === 'up') return;
  const left = store.daysLeft === null ? 'the disk is not filling' : `${days(store.daysLeft)} left`;
  add('attention', 'cloud', `Cloud unreachable: ${waiting}, ${left}`);
}
