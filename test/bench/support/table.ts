/** One measured number. */
export interface Row {
  readonly what: string;
  readonly value: number | null;
  readonly unit: string;
  /** What the design asks for. */
  readonly target?: { readonly at: 'least' | 'most'; readonly value: number };
  /** What else has to be said. */
  readonly note?: string;
}

export interface Section {
  readonly title: string;
  readonly rows: readonly Row[];
}

/** For people: a line a number, with what was asked for and how many times better (above 1) or worse (below) it is. */
export function printTable(sections: readonly Section[]): void {
  const lines = [['', 'measured', '', 'asked for', 'ratio', '']];
  for (const { title, rows } of sections) {
    lines.push([title, '', '', '', '', '']);
    for (const { what, value, unit, target, note = '' } of rows) {
      const ratio = ratioOf(value, target);
      const asked = target === undefined ? '' : `${target.at === 'least' ? '>=' : '<='} ${figure(target.value)}`;
      lines.push([`  ${what}`, value === null ? '-' : figure(value), unit, asked, ratio, note]);
    }
  }
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  for (const line of lines) {
    const cells = line.map((cell, at) =>
      at === 1 || at === 3 || at === 4 ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!),
    );
    console.log(cells.join('  ').trimEnd());
  }
}

function ratioOf(value: number | null, target: Row['target']): string {
  if (value === null || target === undefined) return '';
  const ratio = target.at === 'least' ? value / target.value : target.value / value;
  return `${ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(2)}x`;
}

/** Three digits or so. */
export function figure(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
