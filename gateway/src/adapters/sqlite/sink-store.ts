import * as fs from 'node:fs';
import { type Series, seriesName } from '../../core/model/series.ts';
import type { DecodedSegment, SinkStore } from '../../core/sync/receive.ts';
import type { Manifest, SegmentIdentity } from '../../core/sync/shipment.ts';
import { type Database, sqliteError } from './database.ts';

export interface SinkSettings {
  /** Beyond so many points the oldest segments' points are dropped; their identities stay, so they are never stored again. */
  readonly pointsMax: number;
  /** Appends points as NDJSON to this file instead of the `point` table. */
  readonly ndjsonPath: string | undefined;
}

/** The reference consumer's store: identities in SQLite, points in SQLite or NDJSON. */
export class SqliteSinkStore implements SinkStore {
  readonly #database: Database;
  readonly #settings: SinkSettings;
  readonly #sql: ReturnType<typeof prepare>;
  readonly #series = new Map<string, number>();
  readonly #ndjson: number | undefined;
  #ndjsonBytes = 0;
  #kept: number;

  constructor(database: Database, settings: SinkSettings) {
    this.#database = database;
    this.#settings = settings;
    this.#sql = prepare(database);
    this.#kept = this.#sql.keptPoints.get() as number;
    if (settings.ndjsonPath !== undefined) {
      this.#ndjson = fs.openSync(settings.ndjsonPath, 'a+', 0o640);
      this.#cutToCommitted(this.#ndjson);
    }
  }

  has(id: SegmentIdentity): boolean {
    return this.#sql.has.get(identity(id)) !== undefined;
  }

  countDelivery(id: SegmentIdentity): void {
    this.#sql.countDelivery.run(identity(id));
  }

  store(manifest: Manifest, segment: DecodedSegment, atMs: number): void {
    try {
      this.#database.transaction(() => this.#add(manifest, segment, atMs)).immediate();
    } catch (error) {
      // Row numbers and lines of what was rolled back must not be used by the next segment.
      this.#series.clear();
      if (this.#ndjson !== undefined) this.#cutToCommitted(this.#ndjson);
      throw sqliteError(`store segment ${manifest.gateway} ${manifest.lane} ${manifest.sequence}`, error);
    }
    this.#kept += manifest.points;
    if (this.#ndjson === undefined && this.#kept > this.#settings.pointsMax) this.#prune();
  }

  #add(manifest: Manifest, segment: DecodedSegment, atMs: number): void {
    const { lastInsertRowid } = this.#sql.addSegment.run({
      ...identity(manifest),
      generation: manifest.generation,
      points: manifest.points,
      sha256: manifest.sha256,
      firstMs: manifest.firstMs,
      lastMs: manifest.lastMs,
      storedMs: Math.round(atMs),
    });
    const rowIds = new Map(segment.series.map((series) => [series.id, this.#seriesId(manifest, series)]));
    if (this.#ndjson === undefined) this.#insertPoints(Number(lastInsertRowid), segment, rowIds);
    else this.#appendLines(this.#ndjson, manifest, segment);
  }

  /** What stands beyond was written for a segment whose commit never came. */
  #cutToCommitted(descriptor: number): void {
    this.#ndjsonBytes = this.#sql.ndjsonBytes.get() as number;
    if (fs.fstatSync(descriptor).size > this.#ndjsonBytes) fs.ftruncateSync(descriptor, this.#ndjsonBytes);
  }

  #insertPoints(segmentId: number, { points }: DecodedSegment, rowIds: ReadonlyMap<number, number>): void {
    for (let row = 0; row < points.length; row++) {
      const value = points.value[row]!;
      this.#sql.addPoint.run(
        segmentId,
        row,
        rowIds.get(points.series[row]!),
        points.timeMs[row],
        Number.isNaN(value) ? null : value,
        points.quality[row],
      );
    }
  }

  #appendLines(descriptor: number, manifest: Manifest, { series, points }: DecodedSegment): void {
    const names = new Map(series.map((one) => [one.id, seriesName(one)]));
    const { gateway, epoch, lane, sequence } = manifest;
    const lines: string[] = [];
    for (let row = 0; row < points.length; row++) {
      const value = points.value[row]!;
      const reading = { gateway, epoch, lane, sequence, row, series: names.get(points.series[row]!) };
      const measured = {
        timeMs: points.timeMs[row],
        value: Number.isNaN(value) ? null : value,
        quality: points.quality[row],
      };
      lines.push(JSON.stringify({ ...reading, ...measured }));
    }
    const octets = Buffer.from(`${lines.join('\n')}\n`);
    for (let at = 0; at < octets.length; ) at += fs.writeSync(descriptor, octets, at);
    fs.fdatasyncSync(descriptor);
    this.#ndjsonBytes += octets.length;
    this.#sql.setNdjsonBytes.run(this.#ndjsonBytes);
  }

  #seriesId(id: SegmentIdentity, series: Series): number {
    const key = `${id.gateway}.${id.epoch}.${series.id}`;
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const { id: number, ...rest } = series;
    const rowId = this.#sql.addSeries.get({ gateway: id.gateway, epoch: id.epoch, number, ...rest }) as number;
    this.#series.set(key, rowId);
    return rowId;
  }

  #prune(): void {
    this.#database
      .transaction(() => {
        while (this.#kept > this.#settings.pointsMax) {
          const oldest = this.#sql.oldestKept.get() as { id: number; points: number } | undefined;
          if (oldest === undefined) break;
          this.#sql.dropPoints.run(oldest.id);
          this.#sql.markPruned.run(oldest.id);
          this.#kept -= oldest.points;
        }
      })
      .immediate();
  }
}

export interface SinkTotals {
  /** Points of distinct segments. */
  readonly unique: number;
  /** Points held more often than once: must be 0. */
  readonly duplicates: number;
  readonly segments: number;
  /** Deliveries of segments that were there already, refused by identity. */
  readonly redeliveries: number;
}

/** Counts the rows themselves, so that a fault of the idempotence would show. With NDJSON the file's lines are the caller's to count. */
export function readSinkTotals(database: Database, of: { gateway?: string; epoch?: string } = {}): SinkTotals {
  return database
    .prepare(
      `SELECT coalesce(sum(points), 0) AS "unique", count(*) AS segments, coalesce(sum(deliveries - 1), 0) AS redeliveries,
       iif((SELECT bytes FROM ndjson) > 0, 0,
           (SELECT count(*) FROM point JOIN segment ON segment.id = point.segment
            WHERE (:gateway IS NULL OR gateway = :gateway) AND (:epoch IS NULL OR epoch = :epoch))
           - coalesce(sum(points) FILTER (WHERE pruned = 0), 0)) AS duplicates
       FROM segment WHERE (:gateway IS NULL OR gateway = :gateway) AND (:epoch IS NULL OR epoch = :epoch)`,
    )
    .get({ gateway: of.gateway ?? null, epoch: of.epoch ?? null }) as SinkTotals;
}

function identity({ gateway, epoch, lane, sequence }: SegmentIdentity) {
  return { gateway, epoch, lane, sequence };
}

function prepare(database: Database) {
  const byIdentity = 'gateway = :gateway AND epoch = :epoch AND lane = :lane AND sequence = :sequence';
  return {
    has: database.prepare(`SELECT id FROM segment WHERE ${byIdentity}`),
    countDelivery: database.prepare(`UPDATE segment SET deliveries = deliveries + 1 WHERE ${byIdentity}`),
    addSegment: database.prepare(
      `INSERT INTO segment (gateway, epoch, lane, sequence, generation, points, sha256, first_ms, last_ms, stored_ms)
       VALUES (:gateway, :epoch, :lane, :sequence, :generation, :points, :sha256, :firstMs, :lastMs, :storedMs)`,
    ),
    addSeries: database
      .prepare(
        `INSERT INTO series (gateway, epoch, number, lane, device, point, unit, type)
         VALUES (:gateway, :epoch, :number, :lane, :device, :point, :unit, :type)
         ON CONFLICT (gateway, epoch, number) DO UPDATE SET unit = excluded.unit RETURNING id`,
      )
      .pluck(),
    addPoint: database.prepare(
      'INSERT INTO point (segment, row, series, time_ms, value, quality) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    keptPoints: database.prepare('SELECT coalesce(sum(points), 0) FROM segment WHERE pruned = 0').pluck(),
    oldestKept: database.prepare('SELECT id, points FROM segment WHERE pruned = 0 ORDER BY id LIMIT 1'),
    dropPoints: database.prepare('DELETE FROM point WHERE segment = ?'),
    markPruned: database.prepare('UPDATE segment SET pruned = 1 WHERE id = ?'),
    ndjsonBytes: database.prepare('SELECT bytes FROM ndjson').pluck(),
    setNdjsonBytes: database.prepare('UPDATE ndjson SET bytes = ?'),
  };
}
