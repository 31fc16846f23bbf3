import type { SagaChange, SagaEvent, SagaJournal, SagaRow } from '../../../gateway/src/core/model/saga.ts';

/** Sagas in memory, with a moment of waiting in every verb, as the real journal's worker has. */
export class MemoryJournal implements SagaJournal {
  readonly rows = new Map<string, SagaRow>();
  readonly events: SagaEvent[] = [];
  /** When set, writing fails with it. */
  failure: Error | undefined;

  add(saga: Partial<SagaRow> & Pick<SagaRow, 'id' | 'definition'>): void {
    this.rows.set(saga.id, {
      ...{ state: 'pending', priority: 0, ordinal: this.rows.size, step: 0, attempt: 0, generation: 1 },
      ...{ parameters: {}, results: {}, error: null, createdMs: 0, stepMs: 0, updatedMs: 0 },
      ...saga,
    });
  }

  row(id: string): SagaRow {
    const row = this.rows.get(id);
    if (row === undefined) throw new Error(`no saga ${id}`);
    return row;
  }

  /** The timeline as short lines. */
  lines(): string[] {
    return this.events.map(({ kind, step, attempt }) => `${kind} ${step} ${attempt}`);
  }

  async record({ id, set, events, atMs }: SagaChange): Promise<void> {
    await Promise.resolve();
    if (this.failure !== undefined) throw this.failure;
    this.rows.set(id, { ...this.row(id), ...structuredClone(set), updatedMs: atMs });
    this.events.push(...events);
  }

  async active(): Promise<SagaRow[]> {
    return [...this.rows.values()].filter(({ state }) => state === 'executing' || state === 'compensating');
  }

  async pending(definition: string, perPriority: number): Promise<SagaRow[]> {
    const rows = [...this.rows.values()].filter((row) => row.definition === definition && row.state === 'pending');
    rows.sort((a, b) => a.priority - b.priority || a.ordinal - b.ordinal);
    return rows.filter((row) => rows.filter((o) => o.priority === row.priority).indexOf(row) < perPriority);
  }

  async find(id: string): Promise<SagaRow | undefined> {
    return this.rows.get(id);
  }
}
