import { writeFileSync } from 'node:fs';

/** Writes readings of five series, every 50th bad, with a tick after every hundred; the same for the same number. @returns `path`. */
export function writeRecording(path: string, rows: number): string {
  const lines: string[] = [];
  let state = 7;
  for (let row = 0; row < rows; row++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const ts = 1_700_000_000_000 + 100 * row;
    const v = 20 + (state / 2 ** 32 - 0.5) * 8;
    lines.push(JSON.stringify({ series: `pump-${row % 5}/temperature`, ts, v, q: row % 50 === 49 ? 2 : 0 }));
    if (row % 100 === 99) lines.push(JSON.stringify({ tick: ts }));
  }
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}
