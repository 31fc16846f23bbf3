/** The accounts of all points, lane by lane, and one sentence that says whether they add up. */
import { byId, element, inner, setBadge, setText } from './dom.js';
import { count, counted, spaced } from './format.js';
import { createTable } from './table.js';

/** @import { Lane, LaneAccount, LedgerReport, Status } from './api-types.d.ts' */

/** @typedef {{ name: string, account: LaneAccount }} Row */

/** @type {[Lane, string][]} */
const LANE_NAMES = [
  ['live', 'Sensor readings'],
  ['aggregate', 'Computed'],
  ['alarm', 'Alarms'],
];

/** @type {Record<string, string>} */
const SHED_WORDS = {
  series_limit: 'too many series',
  disk_full: 'disk full',
  module_output: 'module output too large',
};

/** @param {LaneAccount} account */
const shedTotal = (account) => Object.values(account.shed).reduce((sum, points) => sum + points, 0);

/**
 * The two identities that must hold to the point: received = stored + refused; stored = confirmed + waiting + set aside + expired. The
 * page shows what is set aside apart from what is stored.
 * @param {LaneAccount} account
 * @returns {number} points that the two cannot explain; 0 when the account balances
 */
function unexplained(account) {
  const atDoor = account.received - account.stored - shedTotal(account);
  const inStore = account.stored - account.confirmed - account.queued - account.quarantined - account.expired;
  return Math.abs(atDoor) + Math.abs(inStore);
}

/** @param {'received' | 'confirmed' | 'queued' | 'quarantined' | 'expired'} field @param {string} label */
function points(field, label) {
  return { name: field, label, numeric: true, text: (/** @type {Row} */ { account }) => count(account[field]) };
}

/** The sum, and under it each reason that occurred; the last row has only the sum. @param {HTMLElement} cell @param {Row} row */
function fillShed(cell, { account }) {
  const reasons = Object.entries(account.shed).filter(([reason, n]) => n > 0 && reason !== '');
  const lines = reasons.map(([reason, n]) => `${count(n)} ${SHED_WORDS[reason] ?? spaced(reason).toLowerCase()}`);
  setText(inner(cell, 'span'), count(shedTotal(account)));
  while (cell.childElementCount <= lines.length) cell.append(element('small'));
  lines.forEach((line, at) => {
    setText(/** @type {Element} */ (cell.children[at + 1]), line);
  });
}

/** @param {LedgerReport} ledger */
function sentence(ledger) {
  if (ledger.received === 0) return 'No point has been received yet.';
  if (!ledger.balanced) {
    return 'Some points are not accounted for. Readings go on being stored.';
  }
  const ends = [
    `${count(ledger.confirmed)} are confirmed at the cloud`,
    `${count(ledger.queued)} wait to be sent`,
    ...(ledger.expired > 0 ? [`${count(ledger.expired)} were deleted by policy before they could be sent`] : []),
  ];
  const setAside = ledger.quarantined > 0 ? `, ${count(ledger.quarantined)} set aside as rejected or unreadable` : '';
  const refused = ledger.shed > 0 ? `, and ${count(ledger.shed)} were refused for the reasons below` : '';
  return `Of ${counted(ledger.received, 'point')} received, ${count(ledger.stored - ledger.quarantined)} were stored${setAside}${refused}. Of those stored, ${ends.join(', ')}. Nothing is missing.`;
}

export function createLedger() {
  const mark = byId('ledger-mark');
  const table = createTable({
    label: 'Points by lane',
    style: 'ledger',
    key: (row) => row.name,
    columns: [
      { name: 'lane', label: 'Lane', text: (/** @type {Row} */ row) => row.name },
      points('received', 'Received'),
      { name: 'shed', label: 'Refused', numeric: true, fill: fillShed },
      points('quarantined', 'Set aside'),
      {
        name: 'stored',
        label: 'Stored',
        numeric: true,
        text: ({ account }) => count(account.stored - account.quarantined),
      },
      points('confirmed', 'Confirmed'),
      points('queued', 'Waiting'),
      points('expired', 'Expired'),
      {
        name: 'balance',
        label: 'Balance',
        fill: (cell, { account }) => {
          const off = unexplained(account);
          setBadge(inner(cell, 'span'), off === 0 ? 'ok' : 'problem', off === 0 ? 'Balances' : `Off by ${count(off)}`);
        },
      },
    ],
  });
  byId('ledger-table').append(table.root);

  return {
    /** @param {Status} status */
    update({ ledger }) {
      setBadge(mark, ledger.balanced ? 'ok' : 'problem', ledger.balanced ? 'Balances' : 'Does not balance');
      setText(byId('ledger-sentence'), sentence(ledger));
      const rows = LANE_NAMES.map(([lane, name]) => ({ name, account: ledger.lanes[lane] }));
      table.update([...rows, { name: 'Together', account: { ...ledger, shed: { '': ledger.shed } } }]);
    },
  };
}
