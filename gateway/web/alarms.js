import { byId, inner, setAttribute, setBadge, setText } from './dom.js';
import { measured, moment, plainText, spaced, span } from './format.js';
import { createTable } from './table.js';

/** @import { AlarmReport, SeriesReport, Status } from './api-types.d.ts' */

/**
 * Raised alarms first, then those that have cleared, as the gateway sorts them.
 * @param {(name: string | number) => SeriesReport | undefined} findSeries
 */
export function createAlarms(findSeries) {
  let nowMs = 0;
  const table = createTable({
    label: 'Alarms',
    style: 'alarms',
    key: (/** @type {AlarmReport} */ alarm) => `${alarm.series} ${alarm.kind}`,
    columns: [
      {
        name: 'what',
        label: 'Series',
        fill: (cell, alarm) => {
          const series = findSeries(alarm.series);
          const link = inner(cell, 'a');
          setText(link, plainText(series ? `${series.device}/${series.point}` : alarm.series, 120));
          if (series) setAttribute(link, 'href', `#series=${series.id}`);
        },
      },
      {
        name: 'state',
        label: 'State',
        fill: (cell, { state }) => {
          const isRaised = state === 'raised';
          setBadge(inner(cell, 'span'), isRaised ? 'problem' : 'ok', isRaised ? 'Raised' : 'Cleared');
        },
      },
      { name: 'kind', label: 'Kind', text: (alarm) => spaced(alarm.kind) },
      {
        name: 'value',
        label: 'Value',
        numeric: true,
        text: (alarm) => measured(alarm.value, alarm.unit),
      },
      {
        name: 'raised',
        label: 'Raised',
        text: ({ raisedMs, state }) =>
          moment(raisedMs, nowMs) + (state === 'raised' ? `, for ${span(nowMs - raisedMs)} now` : ''),
      },
      {
        name: 'cleared',
        label: 'Cleared',
        text: ({ clearedMs, state }) => (state === 'raised' ? 'not yet' : moment(clearedMs, nowMs)),
      },
    ],
  });
  byId('alarms-list').append(table.root);

  return {
    /** @param {Status} status */
    update({ alarms, gateway }) {
      nowMs = gateway.nowMs;
      byId('alarms-empty').hidden = alarms.length > 0;
      table.root.hidden = alarms.length === 0;
      table.update(alarms);
    },
  };
}
