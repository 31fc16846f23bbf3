/** The queue in memory, by the same contract as SQLite's; fails when told to. */
import type { EventSource, QueuedEvent, Settlement } from '../../../gateway/src/core/functions/ports.ts';

interface Row extends QueuedEvent {
  dueMs: number;
  attempts: number;
  state: 'queued' | 'dead';
  error: string;
}

export class MemoryQueue implements EventSource {
  readonly rows = new Map<number, Row>();
  /** Calls of `settle` so far. */
  settles = 0;
  failure: Error | null = null;

  add(text: string, dueMs: number): number {
    const id = this.rows.size + 1;
    this.rows.set(id, { id, attempts: 0, event: Buffer.from(text), dueMs, state: 'queued', error: '' });
    return id;
  }

  async due(
    _: string,
    nowMs: number,
    horizonMs: number,
    except: readonly number[],
    limit: number,
  ): Promise<QueuedEvent[]> {
    if (this.failure !== null) throw this.failure;
    return this.#waiting(except)
      .filter(({ dueMs }) => dueMs <= nowMs || dueMs > nowMs + horizonMs)
      .slice(0, limit)
      .map((row) => ({ ...row }));
  }

  async nextDueMs(_: string, except: readonly number[]): Promise<number | null> {
    return this.#waiting(except)[0]?.dueMs ?? null;
  }

  async settle(settlements: readonly Settlement[]): Promise<void> {
    if (this.failure !== null) throw this.failure;
    this.settles++;
    for (const one of settlements) {
      const row = this.rows.get(one.id);
      if (row === undefined) continue;
      if (one.to === 'done') this.rows.delete(one.id);
      else Object.assign(row, { attempts: one.attempts, error: one.error });
      if (one.to === 'dead') row.state = 'dead';
      if (one.to === 'again') row.dueMs = one.dueMs;
    }
  }

  #waiting(except: readonly number[]): Row[] {
    const waiting = [...this.rows.values()].filter(({ id, state }) => state === 'queued' && !except.includes(id));
    return waiting.sort((a, b) => a.dueMs - b.dueMs || a.id - b.id);
  }
}
