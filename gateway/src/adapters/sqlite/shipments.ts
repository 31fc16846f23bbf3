/** The sagas that bring segments to the cloud, as rows: one is added with each segment, and anew when one ended without a receipt. */
import { LANES, type Lane } from '../../core/model/series.ts';
import type { SegmentRow } from '../../core/store/ports.ts';
import { SHIP_SEGMENT } from '../../core/sync/ship-segment.ts';
import type { Database } from './database.ts';
import type { SqliteSagaStore } from './saga-store.ts';

/** Segments looked at in one go. */
const REVIVE_MAX = 200;

export function shipmentId(lane: Lane, sequence: number, generation: number): string {
  return generation === 1 ? `ship-${lane}-${sequence}` : `ship-${lane}-${sequence}-g${generation}`;
}

export function addShipment(sagas: SqliteSagaStore, segment: SegmentRow, generation: number, atMs: number): void {
  const { lane, sequence } = segment;
  sagas.add({
    id: shipmentId(lane, sequence, generation),
    definition: SHIP_SEGMENT,
    priority: LANES.indexOf(lane),
    ordinal: sequence,
    generation,
    parameters: { lane, sequence },
    atMs,
  });
}

/**
 * Gives unconfirmed segments that no saga works on a new one, under the next generation: after a saga was compensated, or after finished
 * sagas were trimmed. @returns how many.
 */
export function reviveShipments(database: Database, sagas: SqliteSagaStore, atMs: number): number {
  const rows = database
    .prepare(
      `SELECT segment.*, coalesce(max(saga.generation), 0) + 1 AS next, count(*) FILTER (
         WHERE saga.state IN ('pending', 'executing', 'compensating')) AS unfinished
       FROM segment LEFT JOIN saga ON saga.definition = :definition AND saga.parameters ->> 'lane' = segment.lane
         AND saga.parameters ->> 'sequence' = segment.sequence
       WHERE segment.state = 'sealed' AND NOT EXISTS (SELECT 1 FROM saga WHERE saga.id = 'ship-' || segment.lane || '-' || segment.sequence
         AND saga.state IN ('pending', 'executing', 'compensating'))
       GROUP BY segment.lane, segment.sequence HAVING unfinished = 0 LIMIT :limit`,
    )
    .all({ definition: SHIP_SEGMENT, limit: REVIVE_MAX }) as (SegmentRow & { next: number })[];
  for (const row of rows) addShipment(sagas, row, row.next, atMs);
  return rows.length;
}
