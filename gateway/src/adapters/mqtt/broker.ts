import { GatewayError } from '../../base/errors.ts';
import type { Qos } from './frames.ts';
import { type Message, Session } from './session.ts';
import { matchesFilter, SubscriptionTree } from './topics.ts';

export interface BrokerLimits {
  readonly sessionsMax: number;
  readonly sessionQueueMax: number;
  readonly subscriptionsMax: number;
  readonly retainedMax: number;
}

/** Payloads of all retained messages together; beyond it a further one is routed, not kept. */
const RETAINED_BYTES_MAX = 16 << 20;

/**
 * Sessions, subscriptions and retained messages: what makes the listener a broker for its clients. All of it is in memory; what must
 * survive a restart goes through the pipeline into the store.
 */
export class Broker {
  readonly #limits: BrokerLimits;
  readonly #sessions = new Map<string, Session>();
  readonly #tree = new SubscriptionTree<Session>();
  readonly #retained = new Map<string, Message>();
  #retainedBytes = 0;
  /** Retained messages not kept because the bound was reached. */
  retainedRefused = 0;

  constructor(limits: BrokerLimits) {
    this.#limits = limits;
  }

  get hasSubscribers(): boolean {
    return this.#tree.size > 0;
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  /**
   * The session of a client that connects (section 3.1.2.4). A disconnected session of another client makes room at the bound
   * of persistent sessions.
   * @throws GatewayError `exhausted` when every one of them is connected.
   */
  openSession(clientId: string, isClean: boolean): { session: Session; isPresent: boolean } {
    const known = this.#sessions.get(clientId);
    if (known !== undefined && !isClean && !known.isClean) return { session: known, isPresent: true };
    if (known !== undefined) this.#forget(known);
    if (!isClean) this.#makeRoom();
    const session = new Session(clientId, isClean, this.#limits.sessionQueueMax);
    this.#sessions.set(clientId, session);
    return { session, isPresent: false };
  }

  /** The connection is gone; a clean session goes with it. */
  closeSession(session: Session): void {
    session.detach();
    if (session.isClean && this.#sessions.get(session.clientId) === session) this.#forget(session);
  }

  /** @returns false when the session has as many subscriptions as it may have. */
  subscribe(session: Session, filter: string, qos: Qos): boolean {
    if (!session.subscriptions.has(filter) && session.subscriptions.size >= this.#limits.subscriptionsMax) return false;
    session.subscriptions.set(filter, qos);
    this.#tree.add(filter, session, qos);
    return true;
  }

  /** Retained messages follow the SUBACK (section 3.8.4). */
  sendRetained(session: Session, filter: string, qos: Qos): void {
    for (const message of this.#retained.values()) {
      if (matchesFilter(filter, message.topic))
        session.deliver({ ...message, qos: Math.min(qos, message.qos) as Qos, retain: true });
    }
  }

  unsubscribe(session: Session, filter: string): void {
    session.subscriptions.delete(filter);
    this.#tree.remove(filter, session);
  }

  /** Hands a message to its subscribers, and keeps it when it is to be retained; the payload must not be reused. */
  route(message: Message): void {
    if (message.retain) this.#retain(message);
    if (this.#tree.size === 0) return;
    for (const [session, granted] of this.#tree.match(message.topic)) {
      session.deliver({ ...message, qos: Math.min(granted, message.qos) as Qos, retain: false });
    }
  }

  /** Clean sessions do not count: they end with their connection, and connections have a bound of their own. */
  #makeRoom(): void {
    const kept = [...this.#sessions.values()].filter((session) => !session.isClean);
    if (kept.length < this.#limits.sessionsMax) return;
    const away = kept.find((session) => !session.isConnected);
    if (away === undefined)
      throw new GatewayError('exhausted', `persistent sessions: at most ${this.#limits.sessionsMax}, all connected`);
    this.#forget(away);
  }

  #retain(message: Message): void {
    const before = this.#retained.get(message.topic);
    const bytes = this.#retainedBytes - (before?.payload.length ?? 0) + message.payload.length;
    if (message.payload.length === 0) this.#retained.delete(message.topic);
    else if ((before !== undefined || this.#retained.size < this.#limits.retainedMax) && bytes <= RETAINED_BYTES_MAX) {
      this.#retained.set(message.topic, message);
    } else {
      this.retainedRefused++;
      return;
    }
    this.#retainedBytes = bytes;
  }

  #forget(session: Session): void {
    for (const filter of session.subscriptions.keys()) this.#tree.remove(filter, session);
    session.subscriptions.clear();
    this.#sessions.delete(session.clientId);
  }
}
