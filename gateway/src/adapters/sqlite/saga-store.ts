/** Sagas and their timelines in SQLite. Synchronous, on the store worker; other threads reach it through its proxy. */
import type { SagaChange, SagaEvent, SagaRow, SagaState } from '../../core/model/saga.ts';
import { type Database, sqliteError } from './database.ts';

/** Lines kept of one saga's timeline, and finished sagas kept in all: the newest. */
const EVENTS_PER_SAGA_MAX = 200;
const FINISHED_MAX = 1000;
/** Finished sagas are trimmed once in so many endings. */
const TRIM_EVERY = 50;

interface SagaRecord {
  id: string;
  definition: string;
  state: SagaState;
  priority: number;
  ordinal: number;
  step: number;
  attempt: number;
  generation: number;
  parameters: string;
  results: string;
  error: string | null;
  created_ms: number;
  step_ms: number;
  updated_ms: number;
}

export interface NewSaga {
  readonly id: string;
  readonly definition: string;
  readonly priority: number;
  readonly ordinal: number;
  readonly generation: number;
  readonly parameters: unknown;
  readonly atMs: number;
}

export class SqliteSagaStore {
  readonly #database: Database;
  readonly #sql: ReturnType<typeof prepare>;
  #endings = 0;

  constructor(database: Database) {
    this.#database = database;
    this.#sql = prepare(database);
  }

  /** Adds a pending saga; may be called within a transaction. An id that exists is left as it is. */
  add(saga: NewSaga): void {
    this.#sql.add.run({ ...saga, atMs: Math.round(saga.atMs), parameters: JSON.stringify(saga.parameters) });
  }

  /** One transaction. @throws GatewayError as `sqliteError` says. */
  record(change: SagaChange): void {
    try {
      this.#database.transaction(() => this.#record(change)).immediate();
    } catch (error) {
      throw sqliteError(`record saga ${change.id}`, error);
    }
  }

  #record(change: SagaChange): void {
    const { set, id } = change;
    this.#sql.update.run({
      id,
      state: set.state ?? null,
      step: set.step ?? null,
      attempt: set.attempt ?? null,
      generation: set.generation ?? null,
      results: set.results === undefined ? null : JSON.stringify(set.results),
      hasError: set.error === undefined ? 0 : 1,
      error: set.error ?? null,
      stepMs: set.stepMs ?? null,
      atMs: change.atMs,
    });
    let number = this.#sql.lastEvent.get(id) as number;
    for (const event of change.events) this.#sql.addEvent.run({ sagaId: id, number: ++number, ...event });
    if (number > EVENTS_PER_SAGA_MAX) this.#sql.trimEvents.run({ id, through: number - EVENTS_PER_SAGA_MAX });
    const ends = change.events.some((event) => event.kind === 'ended');
    if (ends && ++this.#endings % TRIM_EVERY === 0) this.#sql.trimFinished.run(FINISHED_MAX);
  }

  active(): SagaRow[] {
    return (this.#sql.active.all() as SagaRecord[]).map(sagaFrom);
  }

  pending(definition: string, perPriority: number): SagaRow[] {
    const priorities = this.#sql.priorities.all(definition) as number[];
    return priorities.flatMap((priority) =>
      (this.#sql.pending.all({ definition, priority, limit: perPriority }) as SagaRecord[]).map(sagaFrom),
    );
  }

  find(id: string): SagaRow | undefined {
    return findSaga(this.#database, id);
  }
}

export function findSaga(database: Database, id: string): SagaRow | undefined {
  const record = database.prepare('SELECT * FROM saga WHERE id = ?').get(id) as SagaRecord | undefined;
  return record && sagaFrom(record);
}

/** Newest first; `states` narrows. */
export function listSagas(database: Database, limit: number, states: readonly SagaState[] = []): SagaRow[] {
  const records = database
    .prepare(
      `SELECT * FROM saga WHERE :states = '[]' OR state IN (SELECT value FROM json_each(:states))
       ORDER BY updated_ms DESC, ordinal DESC LIMIT :limit`,
    )
    .all({ limit, states: JSON.stringify(states) }) as SagaRecord[];
  return records.map(sagaFrom);
}

export function readTimeline(database: Database, id: string): SagaEvent[] {
  return database
    .prepare('SELECT at_ms AS atMs, kind, step, attempt, detail FROM saga_event WHERE saga_id = ? ORDER BY number')
    .all(id) as SagaEvent[];
}

function sagaFrom(record: SagaRecord): SagaRow {
  const { created_ms: createdMs, step_ms: stepMs, updated_ms: updatedMs, parameters, results, ...same } = record;
  return { ...same, parameters: JSON.parse(parameters), results: JSON.parse(results), createdMs, stepMs, updatedMs };
}

function prepare(database: Database) {
  return {
    add: database.prepare(
      `INSERT INTO saga (id, definition, state, priority, ordinal, generation, parameters, created_ms, step_ms, updated_ms)
       VALUES (:id, :definition, 'pending', :priority, :ordinal, :generation, :parameters, :atMs, :atMs, :atMs)
       ON CONFLICT (id) DO NOTHING`,
    ),
    update: database.prepare(
      `UPDATE saga SET state = coalesce(:state, state), step = coalesce(:step, step), attempt = coalesce(:attempt, attempt),
       generation = coalesce(:generation, generation), results = coalesce(:results, results),
       error = iif(:hasError, :error, error), step_ms = coalesce(:stepMs, step_ms), updated_ms = :atMs WHERE id = :id`,
    ),
    lastEvent: database.prepare('SELECT coalesce(max(number), 0) FROM saga_event WHERE saga_id = ?').pluck(),
    addEvent: database.prepare(
      `INSERT INTO saga_event (saga_id, number, at_ms, kind, step, attempt, detail)
       VALUES (:sagaId, :number, :atMs, :kind, :step, :attempt, :detail)`,
    ),
    trimEvents: database.prepare('DELETE FROM saga_event WHERE saga_id = :id AND number <= :through'),
    trimFinished: database.prepare(
      `DELETE FROM saga WHERE id IN (SELECT id FROM saga WHERE state IN ('succeeded', 'compensated', 'failed')
       ORDER BY updated_ms DESC LIMIT -1 OFFSET ?)`,
    ),
    active: database.prepare(
      `SELECT * FROM saga WHERE state IN ('executing', 'compensating') ORDER BY created_ms, ordinal`,
    ),
    priorities: database
      .prepare(`SELECT DISTINCT priority FROM saga WHERE definition = ? AND state = 'pending' ORDER BY priority`)
      .pluck(),
    pending: database.prepare(
      `SELECT * FROM saga WHERE definition = :definition AND state = 'pending' AND priority = :priority
       ORDER BY ordinal LIMIT :limit`,
    ),
  };
}
