/** The door between whoever receives messages and the pipeline that turns them into points. */

/** Told when what it offered is on disk. Belongs to one connection. */
export interface Acknowledger {
  /** `token` as given to `offer`. Called in order of offering; harmless when the connection is gone. */
  acknowledge(token: number): void;
  /** After a run of `acknowledge` calls: send them. */
  flushAcknowledgements(): void;
}

/** An event for a function, as `encodeEvent` writes it. */
export interface TakenEvent {
  readonly fn: string;
  readonly event: Uint8Array;
}

/** Looks at every message for functions that want it. Positions as in `Intake.offer`. */
export interface EventTap {
  /** @returns the events it makes, or why it makes none. */
  take(
    octets: Uint8Array,
    topicStart: number,
    topicEnd: number,
    payloadStart: number,
    payloadEnd: number,
  ): readonly TakenEvent[] | 'nobody' | 'event_too_large';
}

/** A payload with its topic as octets `start..end-1` of one buffer; valid only during the call. */
export interface Intake {
  /**
   * Takes one message: decoded into points, or quarantined with a reason; either way acknowledged after the commit that stored it.
   * @param acknowledger null when the sender wants no acknowledgement.
   * @returns false when the pipeline is full: nothing was taken; offer it again after `whenRoom`.
   */
  offer(
    octets: Uint8Array,
    topicStart: number,
    topicEnd: number,
    payloadStart: number,
    payloadEnd: number,
    acknowledger: Acknowledger | null,
    token: number,
  ): boolean;
  /** Quarantines a message that the listener itself rejects. Same return as `offer`. */
  reject(topic: string, reason: string, sample: Uint8Array, acknowledger: Acknowledger | null, token: number): boolean;
  /** Calls back once, when there may be room again. */
  whenRoom(callback: () => void): void;
}
