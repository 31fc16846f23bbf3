import { byId, element, inner, setBadge, setText } from './dom.js';
import { count, octets, plainText, tookMs } from './format.js';
import { createTable } from './table.js';

/** @import { Level, ModuleReport, Status } from './api-types.d.ts' */

/** @type {Record<ModuleReport['state'], { level: Level, text: string }>} */
const STATES = {
  running: { level: 'ok', text: 'Running' },
  backing_off: { level: 'attention', text: 'Restarting after a fault' },
  refused: { level: 'problem', text: 'Refused' },
  disabled: { level: 'info', text: 'Switched off' },
};

/** The programs that turn readings into other readings: whether they run, and what they cost. */
export function createModules() {
  const table = createTable({
    label: 'Modules',
    style: 'modules',
    key: (/** @type {ModuleReport} */ module) => module.name,
    columns: [
      { name: 'name', label: 'Module', fill: fillName },
      {
        name: 'state',
        label: 'State',
        fill: (cell, { state }) => {
          const { level, text } = STATES[state] ?? { level: 'attention', text: plainText(state, 40) };
          setBadge(inner(cell, 'span'), level, text);
        },
      },
      { name: 'rows-in', label: 'Points in', numeric: true, text: (module) => count(module.rowsIn) },
      { name: 'rows-out', label: 'Points out', numeric: true, text: (module) => count(module.rowsOut) },
      { name: 'calls', label: 'Calls', numeric: true, text: (module) => count(module.calls) },
      { name: 'traps', label: 'Faults', numeric: true, text: (module) => count(module.traps) },
      { name: 'restarts', label: 'Restarts', numeric: true, text: (module) => count(module.restarts) },
      { name: 'skipped', label: 'Skipped', numeric: true, text: (module) => count(module.skippedPoints) },
      { name: 'memory', label: 'Memory', numeric: true, text: (module) => octets(module.memoryBytes) },
      { name: 'last-call', label: 'Last call took', numeric: true, text: (module) => tookMs(module.lastCallTookMs) },
    ],
  });
  byId('modules-list').append(table.root);

  return {
    /** @param {Status} status */
    update({ modules }) {
      byId('modules-empty').hidden = modules.length > 0;
      table.root.hidden = modules.length === 0;
      table.update(modules);
    },
  };
}

/** @param {HTMLElement} cell @param {ModuleReport} module */
function fillName(cell, { name, module, version, error }) {
  const lines = [plainText(name, 80), `${plainText(module, 80)} ${plainText(version, 20)}`, plainText(error, 300)];
  if (cell.childElementCount === 0) {
    cell.append(element('span'), element('small'), element('small', { class: 'fault' }));
  }
  lines.forEach((line, at) => {
    setText(/** @type {Element} */ (cell.children[at]), line);
  });
}
