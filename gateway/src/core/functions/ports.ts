/** What functions need from the world: a durable queue, something that runs instances, and schedules. */
import type { EventMessage } from '../model/event.ts';

/** An event that waits for its function. */
export interface QueuedEvent {
  /** Of its row; counts up, never given out twice. */
  readonly id: number;
  /** Tries that have failed. */
  readonly attempts: number;
  /** As `encodeEvent` writes it. */
  readonly event: Uint8Array;
}

/** How a try ended; settling one that is settled already is harmless. */
export type Settlement =
  | { readonly id: number; readonly to: 'done' }
  | {
      readonly id: number;
      readonly to: 'again';
      readonly attempts: number;
      readonly dueMs: number;
      readonly error: string;
    }
  | { readonly id: number; readonly to: 'dead'; readonly attempts: number; readonly error: string };

/** What the queue holds, and has done since the start of the program. */
export interface QueueCounts {
  readonly queued: number;
  readonly dead: number;
  /** Dead letters that gave way to newer ones, or could not be kept at all. */
  readonly dropped: number;
  /** Events that found the queue full and went to the dead letters. */
  readonly overflowed: number;
}

/** The queue, as the dispatcher sees it. Each call is one transaction. */
export interface EventSource {
  /**
   * Events of the function that are due, the longest due first, without those named.
   * A due time further ahead than `horizonMs` was set by a clock that stood wrong: the event is due.
   */
  due(fn: string, nowMs: number, horizonMs: number, except: readonly number[], limit: number): Promise<QueuedEvent[]>;
  /** When the next event becomes due, Unix epoch milliseconds; null when none waits. */
  nextDueMs(fn: string, except: readonly number[]): Promise<number | null>;
  settle(settlements: readonly Settlement[]): Promise<void>;
}

/** How a call ended, when it ended by itself. */
export interface CallResult {
  /** The reply; null when the function said nothing. */
  readonly reply: EventMessage | null;
  /** 0, or the −errno that the function returned. */
  readonly errno: number;
}

/** Why a call brought no result. `lost` means that it never began: another instance may take it. */
export type CallFault = 'trap' | 'fuel' | 'deadline' | 'malformed' | 'too_large' | 'start' | 'lost';

export class CallError extends Error {
  readonly fault: CallFault;

  constructor(fault: CallFault, message: string) {
    super(message);
    this.name = 'CallError';
    this.fault = fault;
  }
}

/** One instance of a module on some thread, kept by the pool. */
export interface FunctionInstance {
  /** Its thread has nothing to do. */
  readonly isReady: boolean;
  /** False once it has trapped or its thread has gone: calls are refused as `lost`. */
  readonly isAlive: boolean;
  /** One call at a time. @throws CallError; after any fault but `too_large` the instance is gone. */
  call(event: Uint8Array): Promise<CallResult>;
  close(): void;
}

/** Makes instances of one version of one function. */
export interface InstanceHost {
  /** @throws CallError `start` when the module traps or refuses its configuration, `lost` when its thread went. */
  start(): Promise<FunctionInstance>;
}

/** When something happens again and again. */
export interface Schedule {
  /** The first moment after `afterMs`, Unix epoch milliseconds; null: never again. */
  next(afterMs: number): number | null;
}

/** Where timers keep when they fired last. Each call is one transaction. */
export interface TimerStore {
  /** The last firing, or when the timer was first seen; null when it never was. */
  lastMs(fn: string, schedule: string): Promise<number | null>;
  /** Keeps the time, and with it the event when there is one: both or neither. */
  fired(fn: string, schedule: string, lastMs: number, event: Uint8Array | null): Promise<void>;
}
