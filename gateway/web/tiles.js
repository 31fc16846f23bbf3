import { byId, element, setAttribute, setText } from './dom.js';
import { count, counted, days, octets, rate } from './format.js';

/** @import { LedgerReport, Status } from './api-types.d.ts' */

/** Figures longer than this are set smaller: they would not fit a phone's half width. */
const LONG_FIGURE = 8;

/** @type {{ label: string, figure: (status: Status) => string, remark: (status: Status) => string }[]} */
const TILES = [
  {
    label: 'Points per second',
    figure: ({ rates }) => rate(rates.pointsPerSecond),
    remark: ({ rates }) => `in ${rate(rates.messagesPerSecond)} messages`,
  },
  {
    label: 'Received',
    figure: ({ ledger }) => count(ledger.received),
    remark: ({ ledger }) => notKept(ledger),
  },
  {
    label: 'Stored',
    figure: ({ ledger }) => count(ledger.stored - ledger.quarantined),
    remark: ({ store }) => (store.bytesPerPoint ? `${rate(store.bytesPerPoint)} bytes a point` : 'on this gateway'),
  },
  {
    label: 'At the cloud',
    figure: ({ ledger, sync }) => (sync.configured || ledger.confirmed > 0 ? count(ledger.confirmed) : '–'),
    remark: ({ ledger, sync }) =>
      sync.configured ? `${share(ledger.confirmed, ledger.stored - ledger.quarantined)} confirmed` : 'no cloud set up',
  },
  {
    label: 'Waiting to be sent',
    figure: ({ ledger }) => count(ledger.queued),
    remark: ({ sync }) => `in ${counted(sync.queuedSegments, 'segment')}`,
  },
  {
    label: 'Room left',
    figure: ({ store }) => (store.daysLeft === null ? 'Not filling' : days(store.daysLeft)),
    remark: ({ store }) => `${octets(store.diskBytes)} of ${octets(store.diskMaxBytes)}`,
  },
];

/** Rounded down: 100 % means that nothing is missing. @param {number} part @param {number} all */
const share = (part, all) => `${all === 0 ? 0 : Math.floor((1000 * part) / all) / 10} %`;

/** @param {LedgerReport} ledger */
function notKept({ shed, quarantined }) {
  const parts = [
    ...(shed > 0 ? [`${count(shed)} refused`] : []),
    ...(quarantined > 0 ? [`${count(quarantined)} set aside`] : []),
  ];
  return parts.join(', ') || 'none refused';
}

/** The six numbers a technician looks at first. */
export function createTiles() {
  const tiles = TILES.map((tile) => {
    const figure = element('strong', { class: 'figure' }, '–');
    const remark = element('span', { class: 'quiet' });
    const root = element('li', { class: 'tile' }, element('span', { class: 'label' }, tile.label), figure, remark);
    byId('tiles').append(root);
    return { ...tile, figureNode: figure, remarkNode: remark };
  });

  return {
    /** @param {Status} status */
    update(status) {
      for (const tile of tiles) {
        const figure = tile.figure(status);
        setText(tile.figureNode, figure);
        setAttribute(tile.figureNode, 'class', figure.length > LONG_FIGURE ? 'figure long' : 'figure');
        setText(tile.remarkNode, tile.remark(status));
      }
    },
  };
}
