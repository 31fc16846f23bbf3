/** Puts the page together: one question a second about the gateway's state, one every few seconds about its series. */
import { createActions } from './actions.js';
import { createAlarms } from './alarms.js';
import { createChartDialog } from './chart-dialog.js';
import { byId } from './dom.js';
import { updateFacts } from './facts.js';
import { createFunctions } from './functions.js';
import { getStatus } from './gateway-api.js';
import { createHeader } from './header.js';
import { createLedger } from './ledger.js';
import { createModules } from './modules.js';
import { startPolling } from './poller.js';
import { createRecentGrowth } from './recent-growth.js';
import { createRejected } from './rejected.js';
import { startSeriesFeed } from './series-feed.js';
import { createSeriesList } from './series-list.js';
import { createTiles } from './tiles.js';

const STATUS_EVERY_MS = 1000;

/** What to add to this device's clock to have the gateway's. */
let clockDifferenceMs = 0;
const nowMs = () => Date.now() + clockDifferenceMs;

const growth = createRecentGrowth();
const header = createHeader(growth);
const seriesList = createSeriesList(nowMs);
const series = startSeriesFeed(seriesList.update, seriesList.showFailure);
const parts = [
  createTiles(),
  createAlarms(series.find),
  createLedger(),
  createModules(growth),
  createFunctions(growth),
  createActions(),
  createRejected(),
];

const polling = startPolling({
  ask: () => getStatus(),
  everyMs: () => STATUS_EVERY_MS,
  onAnswer: (status) => {
    clockDifferenceMs = status.gateway.nowMs - Date.now();
    header.update(status);
    for (const part of parts) part.update(status);
    updateFacts(status);
  },
  onFailure: header.showLost,
});

createChartDialog(nowMs);
byId('lost-retry').addEventListener('click', () => {
  polling.askNow();
  series.askNow();
});
