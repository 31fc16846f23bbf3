import { byId, element } from './dom.js';
import { ago, plainText } from './format.js';
import { createUnfoldingList } from './unfolding.js';

/** @import { Status } from './api-types.d.ts' */

/** Messages that could not be read, newest first. Topic and sample come from outside: they are shown as plain text only. */
export function createRejected() {
  const list = createUnfoldingList(byId('rejected-list'));
  return {
    /** @param {Status} status */
    update({ ingest, gateway }) {
      const messages = ingest.quarantineLast;
      byId('rejected-empty').hidden = messages.length > 0;
      list.update(
        messages.map((message, at) => ({
          key: `${message.atMs} ${message.topic} ${messages.slice(at).filter(({ atMs }) => atMs === message.atMs).length}`,
          level: 'attention',
          badge: plainText(message.reason, 120),
          title: plainText(message.topic, 120),
          remark: ago(message.atMs, gateway.nowMs),
          version: 'fixed',
          fill: (inside) =>
            inside.replaceChildren(
              ...(message.meaning === '' ? [] : [element('p', {}, message.meaning.replaceAll('`', ''))]),
              element('pre', {}, plainText(message.sample, 600)),
            ),
        })),
      );
    },
  };
}
