/** Events of functions in SQLite: the queue, the dead letters, the timers. Synchronous, on the store worker; each verb is one transaction. */
import { GatewayError } from '../../base/errors.ts';
import type { QueueCounts, QueuedEvent, Settlement } from '../../core/functions/ports.ts';
import { type Database, sqliteError } from './database.ts';

export interface NewEvent {
  readonly fn: string;
  /** As `encodeEvent` writes it. */
  readonly event: Uint8Array;
}

export interface QueueBounds {
  readonly queueMax: number;
  readonly deadMax: number;
}

export interface DeadLetter {
  readonly id: number;
  readonly fn: string;
  readonly event: Uint8Array;
  readonly attempts: number;
  readonly deadMs: number;
  readonly createdMs: number;
  readonly error: string;
}

/** Of a function that is not configured any more: its events stay, and nothing is added. */
const UNKNOWN: QueueBounds = { queueMax: 0, deadMax: 1000 };
const ERROR_CHARACTERS_MAX = 500;

type Counts = { -readonly [K in keyof QueueCounts]: QueueCounts[K] };

export class SqliteEventQueue {
  readonly #database: Database;
  readonly #bounds: ReadonlyMap<string, QueueBounds>;
  readonly #sql: ReturnType<typeof prepare>;
  #counts = new Map<string, Counts>();

  constructor(database: Database, bounds: ReadonlyMap<string, QueueBounds>) {
    this.#database = database;
    this.#bounds = bounds;
    this.#sql = prepare(database);
    for (const row of this.#sql.counts.all() as { function: string; queued: number; dead: number }[])
      this.#counts.set(row.function, { queued: row.queued, dead: row.dead, dropped: 0, overflowed: 0 });
  }

  counts(): Record<string, QueueCounts> {
    return Object.fromEntries([...this.#counts].map(([fn, counts]) => [fn, { ...counts }]));
  }

  /** Adds them all or none. An event that finds its queue full becomes a dead letter. @throws GatewayError as `sqliteError` says. */
  add(events: readonly NewEvent[], nowMs: number): void {
    this.#transaction('add events of functions', () => {
      for (const { fn, event } of events) this.#add(fn, event, nowMs);
    });
  }

  due(fn: string, nowMs: number, horizonMs: number, except: readonly number[], limit: number): QueuedEvent[] {
    const now = Math.round(nowMs);
    const values = { fn, now, horizon: now + Math.round(horizonMs), except: JSON.stringify(except), limit };
    return this.#sql.due.all(values) as QueuedEvent[];
  }

  nextDueMs(fn: string, except: readonly number[]): number | null {
    return (this.#sql.nextDue.get({ fn, except: JSON.stringify(except) }) as number | undefined) ?? null;
  }

  settle(settlements: readonly Settlement[], nowMs: number): void {
    this.#transaction('settle events of functions', () => {
      for (const settlement of settlements) this.#settle(settlement, nowMs);
    });
  }

  /** A dead letter of an event that was queued elsewhere. */
  addDead(fn: string, event: Uint8Array, attempts: number, error: string, nowMs: number): void {
    this.#transaction(`add a dead letter of function ${fn}`, () => {
      this.#insert(fn, event, 'dead', nowMs, attempts, error);
      this.#trimDead(fn);
    });
  }

  /** Puts a dead letter into the queue as if it were new. @returns its function. @throws GatewayError `not_found`, `exhausted`. */
  retryDead(id: number, nowMs: number): string {
    return this.#transaction(`retry dead letter ${id}`, () => {
      const fn = this.#functionOfDead(id);
      const counts = this.#countsOf(fn);
      const { queueMax } = this.#bounds.get(fn) ?? UNKNOWN;
      if (counts.queued >= queueMax) {
        throw new GatewayError(
          'exhausted',
          `dead letter ${id}: a queue of ${fn} with less than ${queueMax} events expected`,
          {
            hint: this.#bounds.has(fn) ? 'Wait until the queue is shorter.' : `There is no [[function]] named ${fn}.`,
          },
        );
      }
      this.#sql.revive.run({ id, now: Math.round(nowMs) });
      counts.dead--;
      counts.queued++;
      return fn;
    });
  }

  /** Deletes a dead letter. @throws GatewayError `not_found`. */
  dropDead(id: number): void {
    this.#transaction(`drop dead letter ${id}`, () => {
      const fn = this.#functionOfDead(id);
      this.#sql.remove.run(id);
      this.#countsOf(fn).dead--;
    });
  }

  timerLastMs(fn: string, schedule: string): number | null {
    return (this.#sql.timer.get({ fn, schedule }) as number | undefined) ?? null;
  }

  timerFired(fn: string, schedule: string, lastMs: number, event: Uint8Array | null, nowMs: number): void {
    this.#transaction(`fire a timer of function ${fn}`, () => {
      this.#sql.setTimer.run({ fn, schedule, lastMs: Math.round(lastMs) });
      if (event !== null) this.#add(fn, event, nowMs);
    });
  }

  /** Forgets timers that are not configured any more. */
  keepTimers(timers: readonly { readonly fn: string; readonly schedule: string }[]): void {
    const kept = JSON.stringify(timers.map(({ fn, schedule }) => `${fn} ${schedule}`));
    this.#transaction('forget old timers', () => this.#sql.forgetTimers.run(kept));
  }

  #add(fn: string, event: Uint8Array, nowMs: number): void {
    const { queueMax } = this.#bounds.get(fn) ?? UNKNOWN;
    const counts = this.#countsOf(fn);
    if (counts.queued < queueMax) return this.#insert(fn, event, 'queued', nowMs, 0, null);
    counts.overflowed++;
    this.#insert(fn, event, 'dead', nowMs, 0, `the queue is full: ${counts.queued} events wait`);
    this.#trimDead(fn);
  }

  #insert(
    fn: string,
    event: Uint8Array,
    state: 'queued' | 'dead',
    nowMs: number,
    attempts: number,
    error: string | null,
  ): void {
    const now = Math.round(nowMs);
    this.#sql.insert.run({ fn, event, state, now, attempts, error: error?.slice(0, ERROR_CHARACTERS_MAX) ?? null });
    this.#countsOf(fn)[state]++;
  }

  #settle(settlement: Settlement, nowMs: number): void {
    const { id } = settlement;
    const fn = this.#sql.functionOfQueued.get(id) as string | undefined;
    if (fn === undefined) return;
    const counts = this.#countsOf(fn);
    if (settlement.to === 'done') {
      this.#sql.remove.run(id);
      counts.queued--;
      return;
    }
    const { to, attempts } = settlement;
    const due = Math.round(to === 'again' ? settlement.dueMs : nowMs);
    const state = to === 'again' ? 'queued' : 'dead';
    this.#sql.change.run({ id, state, attempts, due, error: settlement.error.slice(0, ERROR_CHARACTERS_MAX) });
    if (to === 'again') return;
    counts.queued--;
    counts.dead++;
    this.#trimDead(fn);
  }

  /** The newest are kept. */
  #trimDead(fn: string): void {
    const counts = this.#countsOf(fn);
    const tooMany = counts.dead - (this.#bounds.get(fn) ?? UNKNOWN).deadMax;
    if (tooMany <= 0) return;
    const { changes } = this.#sql.trimDead.run({ fn, count: tooMany });
    counts.dead -= changes;
    counts.dropped += changes;
  }

  #functionOfDead(id: number): string {
    const fn = this.#sql.functionOfDead.get(id) as string | undefined;
    if (fn !== undefined) return fn;
    throw new GatewayError('not_found', `dead letter ${id}: no such row`, { hint: 'See: tidegate function dead list' });
  }

  #countsOf(fn: string): Counts {
    let counts = this.#counts.get(fn);
    if (counts === undefined) {
      counts = { queued: 0, dead: 0, dropped: 0, overflowed: 0 };
      this.#counts.set(fn, counts);
    }
    return counts;
  }

  /** Counts change with the rows or not at all. */
  #transaction<T>(action: string, change: () => T): T {
    const before = new Map([...this.#counts].map(([fn, counts]) => [fn, { ...counts }]));
    try {
      return this.#database.transaction(change).immediate();
    } catch (error) {
      this.#counts = before;
      throw sqliteError(action, error);
    }
  }
}

/** The newest first; of one function when `fn` is given. For other threads and commands too. */
export function listDeadLetters(database: Database, fn: string | null, limit: number): DeadLetter[] {
  return database
    .prepare(
      `SELECT id, function AS fn, event, attempts, due_ms AS deadMs, created_ms AS createdMs, coalesce(error, '') AS error
       FROM function_event WHERE state = 'dead' AND (:fn IS NULL OR function = :fn) ORDER BY due_ms DESC, id DESC LIMIT :limit`,
    )
    .all({ fn, limit }) as DeadLetter[];
}

function prepare(database: Database) {
  return {
    counts: database.prepare(
      `SELECT function, sum(state = 'queued') AS queued, sum(state = 'dead') AS dead FROM function_event GROUP BY function`,
    ),
    insert: database.prepare(
      `INSERT INTO function_event (function, event, state, attempts, due_ms, error, created_ms)
       VALUES (:fn, :event, :state, :attempts, :now, :error, :now)`,
    ),
    due: database.prepare(
      `SELECT id, attempts, event FROM function_event
       WHERE function = :fn AND state = 'queued' AND (due_ms <= :now OR due_ms > :horizon)
       AND id NOT IN (SELECT value FROM json_each(:except)) ORDER BY due_ms, id LIMIT :limit`,
    ),
    nextDue: database
      .prepare(
        `SELECT due_ms FROM function_event WHERE function = :fn AND state = 'queued'
         AND id NOT IN (SELECT value FROM json_each(:except)) ORDER BY due_ms LIMIT 1`,
      )
      .pluck(),
    functionOfQueued: database.prepare(`SELECT function FROM function_event WHERE id = ? AND state = 'queued'`).pluck(),
    functionOfDead: database.prepare(`SELECT function FROM function_event WHERE id = ? AND state = 'dead'`).pluck(),
    remove: database.prepare('DELETE FROM function_event WHERE id = ?'),
    change: database.prepare(
      'UPDATE function_event SET state = :state, attempts = :attempts, due_ms = :due, error = :error WHERE id = :id',
    ),
    revive: database.prepare(
      `UPDATE function_event SET state = 'queued', attempts = 0, due_ms = :now, error = NULL WHERE id = :id`,
    ),
    trimDead: database.prepare(
      `DELETE FROM function_event WHERE id IN (SELECT id FROM function_event
       WHERE function = :fn AND state = 'dead' ORDER BY due_ms, id LIMIT :count)`,
    ),
    timer: database.prepare('SELECT last_ms FROM function_timer WHERE function = :fn AND schedule = :schedule').pluck(),
    setTimer: database.prepare(
      `INSERT INTO function_timer (function, schedule, last_ms) VALUES (:fn, :schedule, :lastMs)
       ON CONFLICT (function, schedule) DO UPDATE SET last_ms = excluded.last_ms`,
    ),
    forgetTimers: database.prepare(
      `DELETE FROM function_timer WHERE function || ' ' || schedule NOT IN (SELECT value FROM json_each(?))`,
    ),
  };
}
