/** What is worth knowing about the cloud, the disk and the gateway itself, as lists of terms. */
import { byId } from './dom.js';
import { showFacts } from './fact-list.js';
import { ago, count, counted, moment, octets, plainText, rate, span, tookMs } from './format.js';
import { refusalText } from './intake-findings.js';

/** @import { Fact, Status } from './api-types.d.ts' */

/** Two clocks this far apart make ages and charts hard to believe. */
const CLOCK_DIFFERENCE_SHOWN_MS = 60_000;

/** @param {Status} status @returns {Fact[]} */
function cloudFacts({ sync, ledger, gateway }) {
  if (!sync.configured) return [['Link', 'No cloud is set up. Readings are kept here.']];
  const since = sync.since ? ` since ${moment(sync.since, gateway.nowMs)}` : '';
  const words = { up: `Up${since}`, down: `Down${since}`, off: 'Switched off' };
  return [
    ['Link', sync.enabled ? words[sync.link] : words.off],
    ['Server', plainText(sync.server ?? '', 120)],
    ['Waiting', `${counted(ledger.queued, 'point')}, ${counted(sync.queuedSegments, 'segment')}`],
    ['Last receipt', ago(sync.lastReceiptMs, gateway.nowMs)],
    ['Last fault', plainText(sync.error ?? '', 300)],
  ];
}

/** @param {Status} status @returns {Fact[]} */
function storageFacts({ store }) {
  return [
    ['Used', `${octets(store.diskBytes)} of ${octets(store.diskMaxBytes)}`],
    ['Segments', `${count(store.segments)}, ${count(store.unconfirmedSegments)} unconfirmed`],
    ['Journal', octets(store.journalBytes)],
    ['Last commit took', tookMs(store.lastCommitTookMs)],
  ];
}

/** @param {Status} status @returns {Fact[]} */
function gatewayFacts({ gateway, ingest, process, rates }) {
  const aheadMs = gateway.nowMs - Date.now();
  const difference = `, ${span(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'} this device`;
  return [
    [ingest.source === 'broker' ? 'Reads from' : 'Listens at', plainText(ingest.address, 120)],
    ['Connections', count(ingest.connections)],
    ['Refused', refusedFact(ingest, gateway.nowMs)],
    ['Traffic in', `${octets(rates.bytesPerSecond)}/s`],
    ['Series', count(ingest.series)],
    ['Running for', span(process.uptimeMs)],
    ['Processor', `${rate(process.cpuPercent)} %`],
    ['Memory', octets(process.rssBytes)],
    ['Clock', moment(gateway.nowMs, Date.now()) + (Math.abs(aheadMs) > CLOCK_DIFFERENCE_SHOWN_MS ? difference : '')],
    ['Store epoch', plainText(gateway.epoch, 60)],
  ];
}

/** @param {Status['ingest']} ingest @param {number} nowMs */
function refusedFact({ refused, lastRefusal }, nowMs) {
  if (refused === 0 || lastRefusal === null) return '';
  return `${counted(refused, 'connection')} since the start\nLast ${ago(lastRefusal.atMs, nowMs)}: ${refusalText(lastRefusal)}`;
}

/** @param {Status} status */
export function updateFacts(status) {
  const meter = /** @type {HTMLMeterElement} */ (byId('storage-meter'));
  meter.max = Math.max(1, status.store.diskMaxBytes);
  meter.high = meter.max * 0.8;
  meter.value = status.store.diskBytes;
  showFacts(byId('cloud-facts'), cloudFacts(status));
  showFacts(byId('storage-facts'), storageFacts(status));
  showFacts(byId('gateway-facts'), gatewayFacts(status));
}
