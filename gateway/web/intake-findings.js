/** What has been turned away in the last minutes, and what to do about it. */
import { counted, plainText } from './format.js';

/** @import { Finding, Status } from './api-types.d.ts' */

const REASONS_NAMED = 3;

const RECENT_MS = 10 * 60_000;

/** @param {Status} status @returns {Finding[]} */
export function intakeFindings({ ingest, gateway }) {
  const { rejectedRecently, refusedRecently, quarantineLast, lastRefusal } = ingest;
  /** @type {Finding[]} */
  const found = [];
  if (rejectedRecently > 0) {
    const recent = quarantineLast.filter(({ atMs }) => gateway.nowMs - atMs < RECENT_MS);
    const reasons = [...new Set(recent.map(({ reason }) => plainText(reason, 60)))].slice(0, REASONS_NAMED);
    const latest = reasons.length > 0 ? ` Latest reasons: ${reasons.join(', ')}.` : '';
    found.push({
      level: 'attention',
      topic: 'rejected',
      text: `${counted(rejectedRecently, 'message')} rejected in the last 10 minutes`,
      href: '#rejected',
      advice: {
        text: `What was rejected is not among the readings.${latest} Each stands under Rejected messages with what it means and how it began: put it right at the sender, or in [[ingest.route]] of the configuration file.`,
        commands: [],
      },
    });
  }
  if (refusedRecently > 0) {
    const last = lastRefusal === null ? '' : ` The last: ${refusalText(lastRefusal)}.`;
    found.push({
      level: 'attention',
      topic: 'refused',
      text: `${counted(refusedRecently, 'connection')} refused in the last 10 minutes`,
      href: '#gateway',
      advice: {
        text: `Somebody tries to connect and is not let in.${last} If it is one of your devices, compare its user, password and protocol (MQTT 3.1.1, not 5) with [mqtt] in the configuration file.`,
        commands: [],
      },
    });
  }
  return found;
}

/** @param {{ client: string, reason: string }} refusal */
export function refusalText({ client, reason }) {
  return `${client === '' ? 'a client without a name' : plainText(client, 60)}, ${plainText(reason, 200)}`;
}
