import { element, follow, setText } from './dom.js';

/**
 * @template T
 * @typedef {object} Column
 * @property {string} name used as the cell's class
 * @property {string} label
 * @property {boolean} [numeric]
 * @property {(item: T) => string} [text]
 * @property {(cell: HTMLElement, item: T) => void} [fill] instead of `text`: called for every update, must change only what differs
 */

/**
 * A table whose rows follow a list. The first column heads its row. On a narrow screen the style sheet turns rows into cards and
 * shows `data-label` beside each cell; the roles are spelt out because browsers drop them with `display`.
 *
 * @template T
 * @param {{ label: string, style?: string, columns: Column<T>[], key: (item: T) => string, group?: (item: T) => string }} design
 *   `group`: rows of one group stand together under a heading
 */
export function createTable({ label, style = '', columns, key, group }) {
  const body = element('tbody', { role: 'rowgroup' });
  const head = element('tr', { role: 'row' });
  for (const column of columns) {
    head.append(element('th', { scope: 'col', role: 'columnheader', class: cellClass(column) }, column.label));
  }
  const root = element(
    'table',
    { class: `stacking ${style}`, role: 'table', 'aria-label': label },
    element('thead', { role: 'rowgroup' }, head),
    body,
  );

  /** @param {T} item */
  const createRow = (item) => {
    const row = element('tr', { role: 'row' });
    columns.forEach((column, at) => {
      const attributes = { class: cellClass(column), 'data-label': column.label };
      row.append(
        at === 0
          ? element('th', { ...attributes, scope: 'row', role: 'rowheader' })
          : element('td', { ...attributes, role: 'cell' }),
      );
    });
    updateRow(row, item);
    return row;
  };

  /** @param {HTMLTableRowElement} row @param {T} item */
  const updateRow = (row, item) => {
    columns.forEach((column, at) => {
      const cell = /** @type {HTMLElement} */ (row.children[at]);
      if (column.fill) column.fill(cell, item);
      else setText(cell, column.text?.(item) ?? '');
    });
  };

  /** @param {string} name */
  const createHeading = (name) =>
    element(
      'tr',
      { role: 'row', class: 'group' },
      element('th', { scope: 'rowgroup', role: 'rowheader', colspan: String(columns.length) }, name),
    );

  return {
    root,
    /** @param {readonly T[]} items */
    update(items) {
      /** @type {{ heading?: string, item?: T }[]} */
      const rows = [];
      let last;
      for (const item of items) {
        const name = group?.(item);
        if (name !== undefined && name !== last) rows.push({ heading: name });
        last = name;
        rows.push({ item });
      }
      follow(body, rows, {
        key: (row) => (row.item === undefined ? `group ${row.heading}` : `item ${key(row.item)}`),
        create: (row) => (row.item === undefined ? createHeading(row.heading ?? '') : createRow(row.item)),
        update: (node, row) => {
          if (row.item !== undefined) updateRow(node, row.item);
        },
      });
    },
  };
}

/** @param {Column<never>} column */
function cellClass(column) {
  return column.numeric ? `${column.name} numeric` : column.name;
}
