/** Segments and journal without the database that lists them: a start would take them for leavings of a crash, and delete them. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { GatewayError } from '../base/errors.ts';
import { parseSegmentFileName } from '../core/store/ports.ts';
import type { StatePaths } from './state-paths.ts';

/**
 * To be called before the database is opened: SQLite makes one that is missing, and deletes the log (`-wal`) of one that is empty.
 * @throws GatewayError `corrupt` as `refuseUnlisted` says, when the database is missing or empty.
 */
export function refuseWithoutDatabase(paths: StatePaths): void {
  const octets = fs.statSync(paths.database, { throwIfNoEntry: false })?.size;
  if (octets === undefined) refuseUnlisted(paths, 'missing');
  if (octets === 0) refuseUnlisted(paths, 'empty');
}

/**
 * A first start makes the tables before it takes its first point: where there is a segment or a journal record, there were tables.
 * @throws GatewayError `corrupt` when there is one.
 */
export function refuseUnlisted({ folder, database, segments, journal }: StatePaths, found: string): void {
  const sealed = namesIn(segments).filter((name) => parseSegmentFileName(name) !== null).length;
  const records = namesIn(journal).filter((name) => name.endsWith('.tgj') && bytesOf(join(journal, name)) > 0).length;
  if (sealed === 0 && records === 0) return;
  const lying = `${sealed} segment files and ${records} journal files lie there`;
  throw new GatewayError(
    'corrupt',
    `state folder ${folder}: ${lying}, but ${database}, which lists them, is ${found}`,
    {
      hint: 'Restore tidegate.db from a copy, or move the whole state folder away: nothing was deleted.',
    },
  );
}

function namesIn(folder: string): string[] {
  return fs.existsSync(folder) ? fs.readdirSync(folder) : [];
}

function bytesOf(path: string): number {
  return fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
