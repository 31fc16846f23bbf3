import { GatewayError } from '../../base/errors.ts';

/** A recorded table of sensor data: equally long columns, one a quantity, in the order of time. */
export interface Recording {
  readonly rows: number;
  /** Values as they stand in the file, kept as text: played back they go into JSON unchanged. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
}

/** JSON's grammar of a number, so that a cell can be copied into a payload. */
const JSON_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/**
 * Reads comma-separated values: a line of names, the first of which is the time, then rows of numbers. No quoting.
 * @param name of the file, for errors
 * @throws GatewayError `invalid` with the line when a cell is missing or not a number, or when there is no row
 */
export function parseRecording(text: string, name: string): Recording {
  const [head, ...lines] = text.split('\n').map((line) => line.trim());
  const quantities = head!.split(',').slice(1);
  const columns = quantities.map((): string[] => []);
  lines.forEach((line, i) => {
    if (line === '') return;
    const cells = line.split(',').slice(1);
    columns.forEach((column, c) => {
      const cell = cells[c] ?? '';
      if (!JSON_NUMBER.test(cell)) {
        throw new GatewayError(
          'invalid',
          `${name}, line ${i + 2}: a number expected for ${quantities[c]}, "${cell}" found`,
        );
      }
      column.push(cell);
    });
  });
  const rows = columns[0]?.length ?? 0;
  if (rows === 0) throw new GatewayError('invalid', `${name}: rows of at least one quantity expected, none found`);
  return { rows, columns: new Map(quantities.map((quantity, c) => [quantity, columns[c]!])) };
}
