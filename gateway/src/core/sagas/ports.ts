import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { SagaJournal, SagaRow } from '../model/saga.ts';

/** What the engine needs from the world. */
export interface SagaPorts {
  readonly journal: SagaJournal;
  readonly clock: Clock;
  readonly random: Random;
  /** Told of every saga that ends, and of every persisted change (for pages and tests). */
  readonly onChange?: (row: SagaRow) => void;
  /** An error of the engine itself, such as a journal that cannot be written. */
  readonly onError: (error: unknown, saga: string) => void;
}
