/** Points of the past, read from segment files by way of the index: for charts, `store query` and `store export`. Reads only; never blocks the writer. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { zstd } from '../adapters/files/zstd.ts';
import type { Database } from '../adapters/sqlite/database.ts';
import { readNewestSegments, readSegmentState, readSegmentsBetween } from '../adapters/sqlite/rows.ts';
import { errnoOf, GatewayError } from '../base/errors.ts';
import { allocatePoints, appendPoints, type PointColumns } from '../core/model/points.ts';
import type { Series } from '../core/model/series.ts';
import type { SegmentRow } from '../core/store/ports.ts';
import { segmentFileName } from '../core/store/ports.ts';
import { SegmentReader } from '../core/store/segment-format.ts';

/** Segments read between two looks at the event loop. */
const SEGMENTS_PER_TURN = 8;
/** Segments one question may touch: the newest, when there are more. */
const SEGMENTS_MAX = 2000;

export class PointHistory {
  readonly #database: Database;
  readonly #segmentFolder: string;
  /** Names of segment files found damaged. */
  readonly damaged = new Set<string>();
  /** Names of segment files that rows still list, but that are not there. */
  readonly missing = new Set<string>();

  constructor(database: Database, segmentFolder: string) {
    this.#database = database;
    this.#segmentFolder = segmentFolder;
  }

  /** Points of one series with times in `[fromMs, toMs]`, segment by segment, oldest first. */
  async *pointsOf(series: Series, fromMs: number, toMs: number): AsyncGenerator<PointColumns> {
    const rows = readSegmentsBetween(this.#database, series.lane, fromMs, toMs).slice(-SEGMENTS_MAX);
    for (const [index, row] of rows.entries()) {
      const points = this.read(row, (reader) => reader.readSeries(series.id));
      if (points) yield within(points, fromMs, toMs);
      if (index % SEGMENTS_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Whole segments of a lane that overlap the span, oldest first. */
  *segments(lane: Series['lane'], fromMs: number, toMs: number): Generator<{ row: SegmentRow; reader: SegmentReader }> {
    for (const row of readSegmentsBetween(this.#database, lane, fromMs, toMs)) {
      const reader = this.read(row, (opened) => {
        opened.verify();
        return opened;
      });
      if (reader !== null) yield { row, reader };
    }
  }

  /** Rows of a lane, newest first. */
  newest(lane: Series['lane'], limit: number): SegmentRow[] {
    return readNewestSegments(this.#database, lane, limit);
  }

  /** Null when retention has removed the file meanwhile, when it is missing or damaged: then it is counted, and the rest is still shown. */
  read<T>(row: SegmentRow, read: (reader: SegmentReader) => T): T | null {
    try {
      return read(this.#open(row));
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') {
        if (this.#isListed(row)) this.missing.add(segmentFileName(row.lane, row.sequence));
        return null;
      }
      if (!(error instanceof GatewayError && error.code === 'corrupt')) throw error;
      this.damaged.add(segmentFileName(row.lane, row.sequence));
      return null;
    }
  }

  /** Retention moves the row first, then removes the file. */
  #isListed({ lane, sequence }: SegmentRow): boolean {
    const state = readSegmentState(this.#database, lane, sequence);
    return state === 'sealed' || state === 'confirmed';
  }

  #open(row: SegmentRow): SegmentReader {
    const name = segmentFileName(row.lane, row.sequence);
    return new SegmentReader(fs.readFileSync(join(this.#segmentFolder, name)), zstd, `segment ${name}`);
  }
}

/** The rows whose time lies in the span. */
export function within(points: PointColumns, fromMs: number, toMs: number): PointColumns {
  const found = allocatePoints(points.length);
  for (let row = 0; row < points.length; row++) {
    const time = points.timeMs[row]!;
    if (time >= fromMs && time <= toMs) appendPoints(found, points, row, row + 1);
  }
  return found;
}
