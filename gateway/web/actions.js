/** The sagas of the gateway, called actions on the page: what it did to itself, and on request how each went, step by step. */

import { byId, element } from './dom.js';
import { ago, moment, plainText, spaced } from './format.js';
import { getSagaTimeline } from './gateway-api.js';
import { createUnfoldingList } from './unfolding.js';

/** @import { Level, SagaReport, Status } from './api-types.d.ts' */

/** @type {Record<SagaReport['state'], { level: Level, text: string }>} */
const STATES = {
  pending: { level: 'info', text: 'Waiting' },
  executing: { level: 'info', text: 'Under way' },
  succeeded: { level: 'ok', text: 'Done' },
  compensating: { level: 'attention', text: 'Being undone' },
  compensated: { level: 'attention', text: 'Undone' },
  failed: { level: 'problem', text: 'Failed' },
};

/** @type {Record<string, string>} */
const EVENT_WORDS = {
  started: 'Started',
  step: 'Began',
  done: 'Finished',
  retry: 'Will try again',
  undo: 'Undoing',
  undone: 'Undone',
  again: 'Starting anew',
  ended: 'Ended',
};

export function createActions() {
  const list = createUnfoldingList(byId('actions-list'));
  return {
    /** @param {Status} status */
    update({ sagas, gateway }) {
      byId('actions-empty').hidden = sagas.length > 0;
      list.update(
        sagas.map((saga) => {
          const { level, text } = STATES[saga.state] ?? { level: 'attention', text: plainText(saga.state, 40) };
          return {
            key: saga.id,
            level,
            badge: text,
            title: spaced(saga.definition),
            remark: [progress(saga), ago(saga.updatedMs, gateway.nowMs)].filter(Boolean).join(', '),
            version: `${saga.state} ${saga.step} ${saga.updatedMs}`,
            fill: (inside) => fillTimeline(inside, saga, gateway.nowMs),
          };
        }),
      );
    },
  };
}

/** Where it stands, while it still moves. @param {SagaReport} saga */
function progress({ state, step, attempt }) {
  if ((state !== 'executing' && state !== 'compensating') || step === null) return '';
  return `${typeof step === 'number' ? `step ${step + 1}` : spaced(step)}${attempt > 1 ? `, try ${attempt}` : ''}`;
}

/** @param {HTMLElement} inside @param {SagaReport} saga @param {number} nowMs */
async function fillTimeline(inside, saga, nowMs) {
  const about = `${plainText(saga.id, 80)}, generation ${saga.generation}, begun ${moment(saga.createdMs, nowMs)}`;
  const head = [element('p', { class: 'quiet' }, about)];
  if (saga.error) head.push(element('p', { class: 'fault' }, plainText(saga.error)));
  if (inside.childElementCount === 0) inside.append(...head, element('p', { class: 'quiet' }, 'Asking…'));
  try {
    const { events } = await getSagaTimeline(saga.id);
    const timeline = element('ol', { class: 'timeline' });
    for (const { atMs, kind, step, attempt, detail } of events) {
      const words = `${EVENT_WORDS[kind] ?? spaced(kind)}${step === null ? '' : `: ${spaced(step).toLowerCase()}`}`;
      const line = element('li', {}, element('time', {}, moment(atMs, nowMs)), element('span', {}, words));
      if (attempt > 1) line.append(element('span', { class: 'quiet' }, `try ${attempt}`));
      if (detail) line.append(element('small', {}, plainText(detail)));
      timeline.append(line);
    }
    inside.replaceChildren(...head, timeline);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    inside.replaceChildren(
      ...head,
      element('p', { class: 'fault' }, `The timeline could not be read: ${plainText(why)}.`),
    );
  }
}
