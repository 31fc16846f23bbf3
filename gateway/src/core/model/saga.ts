/** Words of the saga engine: states, rows, definitions. */
import type { BackoffPolicy } from '../../base/backoff.ts';
import type { Millis } from '../../base/units.ts';

export type SagaState = 'pending' | 'executing' | 'succeeded' | 'compensating' | 'compensated' | 'failed';

/** Every legal move of a saga. A state with no way out is final. */
export const SAGA_MOVES = {
  pending: ['executing'],
  executing: ['succeeded', 'compensating'],
  compensating: ['compensated', 'failed'],
  succeeded: [],
  compensated: [],
  failed: [],
} as const satisfies Record<SagaState, readonly SagaState[]>;

export function isFinal(state: SagaState): boolean {
  return SAGA_MOVES[state].length === 0;
}

/** A saga as persisted: `step` and `attempt` say what is about to be tried. */
export interface SagaRow {
  readonly id: string;
  readonly definition: string;
  readonly state: SagaState;
  /** Smaller first. */
  readonly priority: number;
  /** Order within a priority; of sagas of one key, whatever their definitions, the order in which they were asked for. */
  readonly ordinal: number;
  /** Index into the definition's steps; while compensating, the step to undo next. */
  readonly step: number;
  /** Try of the present step, from 1; 0 while pending. */
  readonly attempt: number;
  /** Counts the times the saga began its work anew: it is part of every outside identity. */
  readonly generation: number;
  readonly parameters: unknown;
  /** What finished steps handed on, by step name. */
  readonly results: Readonly<Record<string, unknown>>;
  readonly error: string | null;
  readonly createdMs: number;
  readonly stepMs: number;
  readonly updatedMs: number;
}

/** What a line of the timeline tells. */
export type SagaEventKind = 'started' | 'step' | 'done' | 'retry' | 'undo' | 'undone' | 'again' | 'ended';

export interface SagaEvent {
  readonly atMs: number;
  readonly kind: SagaEventKind;
  readonly step: string | null;
  readonly attempt: number;
  readonly detail: string | null;
}

export interface StepContext<P> {
  readonly parameters: P;
  readonly results: Readonly<Record<string, unknown>>;
  readonly generation: number;
  readonly attempt: number;
  /** The same for every try of this step in this generation. */
  readonly idempotencyKey: string;
  /** Aborted when the engine stops or the step's deadline passes. */
  readonly signal: AbortSignal;
}

/** `again` goes back to an earlier step under the next generation: for work that the outside world has lost. */
export type StepOutcome =
  | { readonly kind: 'done'; readonly result?: unknown }
  | { readonly kind: 'again'; readonly from: string; readonly reason: string };

export interface SagaStep<P> {
  readonly name: string;
  /** May run twice with the same effect as once. A thrown GatewayError that is transient is retried, any other is not. */
  readonly action: (context: StepContext<P>) => Promise<StepOutcome>;
  /** Undoes what the action did, or may have done in part. May run twice. Absent: there is nothing to undo. */
  readonly compensate?: (context: StepContext<P>) => Promise<void>;
  /** From the first try of the step to the end of the last one; null: as long as it takes. */
  readonly deadline: Millis | null;
  readonly retry: { readonly attempts: number } & BackoffPolicy;
}

export interface SagaDefinition<P = unknown> {
  readonly name: string;
  /** @throws GatewayError `invalid`. */
  readonly parse: (parameters: unknown) => P;
  readonly steps: readonly SagaStep<P>[];
  /** From the first try of this step on the saga only goes forward: its retries have no end, and nothing is undone. */
  readonly pivot: string;
  /** How many run at once within one priority. */
  readonly window: number;
  /** Sagas of one key, of whatever definition, run one after the other, by their ordinals. Left out: they need not. */
  readonly exclusive?: (parameters: unknown) => string;
  /** While false, pending sagas are left alone. */
  readonly isReady?: () => boolean;
}

/** A change of one saga, written in one transaction. Fields left out stay as they are. */
export interface SagaChange {
  readonly id: string;
  readonly set: Partial<Pick<SagaRow, 'state' | 'step' | 'attempt' | 'generation' | 'results' | 'error' | 'stepMs'>>;
  readonly events: readonly SagaEvent[];
  readonly atMs: number;
}

/** Where sagas are persisted. */
export interface SagaJournal {
  /** Durable when it resolves. */
  record(change: SagaChange): Promise<void>;
  /** Executing or compensating, oldest first. */
  active(): Promise<SagaRow[]>;
  /** Pending ones of a definition, by priority and ordinal: at most `perPriority` of each priority. */
  pending(definition: string, perPriority: number): Promise<SagaRow[]>;
  find(id: string): Promise<SagaRow | undefined>;
}
