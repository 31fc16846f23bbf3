import { childPath, pathAndAncestors, rowPath } from './names.ts';

const HEADER = /^\s*(\[\[?)\s*([A-Za-z0-9_-]+(?:\s*\.\s*[A-Za-z0-9_-]+)*)\s*\]/;
const KEY = /^\s*([A-Za-z0-9_-]+(?:\s*\.\s*[A-Za-z0-9_-]+)*)\s*=/;
const MULTI_LINE_QUOTE = /"""|'''/g;

/**
 * Which line of a TOML text each setting stands on. The TOML reader does not say, so this looks for `[header]` and `key =`
 * at the start of lines. What it cannot see (quoted keys, members of inline tables) is given the line of what contains it.
 */
export class LineIndex {
  readonly #lines = new Map<string, number>();

  constructor(text: string) {
    const rowsSeen = new Map<string, number>();
    let table = '';
    let isInsideText = false;
    for (const [index, line] of text.split('\n').entries()) {
      const quotes = line.match(MULTI_LINE_QUOTE)?.length ?? 0;
      if (!isInsideText) table = this.#readLine(line, index + 1, table, rowsSeen);
      if (quotes % 2 === 1) isInsideText = !isInsideText;
    }
  }

  /** The line of the setting or of the nearest thing around it, from 1; undefined when there is none. */
  lineOf(path: string): number | undefined {
    for (const candidate of pathAndAncestors(path)) {
      const line = this.#lines.get(candidate);
      if (line !== undefined) return line;
    }
    return undefined;
  }

  /** Returns the path of the table that the next line belongs to. */
  #readLine(line: string, number: number, table: string, rowsSeen: Map<string, number>): string {
    const header = HEADER.exec(line);
    if (header) {
      const path = resolveHeader(header[2]!, header[1] === '[[', rowsSeen);
      this.#note(path, number);
      this.#note(path.replace(/\[\d+\]$/, ''), number);
      return path;
    }
    const key = KEY.exec(line);
    if (key) this.#note(segmentsOf(key[1]!).reduce(childPath, table), number);
    return table;
  }

  #note(path: string, line: number): void {
    if (!this.#lines.has(path)) this.#lines.set(path, line);
  }
}

/** `module.input` → `module[1].input[0]`: each name that has rows stands for the latest of them. */
function resolveHeader(header: string, opensRow: boolean, rowsSeen: Map<string, number>): string {
  const segments = segmentsOf(header);
  let path = '';
  for (const [depth, segment] of segments.entries()) {
    path = childPath(path, segment);
    if (opensRow && depth === segments.length - 1) rowsSeen.set(path, (rowsSeen.get(path) ?? 0) + 1);
    const rows = rowsSeen.get(path);
    if (rows !== undefined) path = rowPath(path, rows - 1);
  }
  return path;
}

function segmentsOf(dotted: string): string[] {
  return dotted.split('.').map((segment) => segment.trim());
}
