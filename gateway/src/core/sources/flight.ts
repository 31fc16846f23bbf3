import type { Message, Outlet } from './ports.ts';

/** What has been published so far. Points, but for `inFlight`, which counts messages. */
export interface FlightCounts {
  readonly sent: number;
  readonly acknowledged: number;
  /** Given up by the connection: at its end, or refused by the other side. */
  readonly failed: number;
  /** Messages sent and not yet answered. */
  readonly inFlight: number;
}

/**
 * Publishes with a bound on what is not yet acknowledged. At the bound, and while the outlet is not connected, `hasRoom` is
 * false and the sender waits; nothing is kept here, so memory has the bound too.
 */
export class Flight {
  readonly #outlet: Outlet;
  readonly #inFlightMax: number;
  #sent = 0;
  #acknowledged = 0;
  #failed = 0;
  #inFlight = 0;
  #onLanded: (() => void) | undefined;

  constructor(outlet: Outlet, inFlightMax: number) {
    this.#outlet = outlet;
    this.#inFlightMax = inFlightMax;
  }

  get isConnected(): boolean {
    return this.#outlet.isConnected;
  }

  get hasRoom(): boolean {
    return this.#outlet.isConnected && this.#inFlight < this.#inFlightMax;
  }

  get counts(): FlightCounts {
    return { sent: this.#sent, acknowledged: this.#acknowledged, failed: this.#failed, inFlight: this.#inFlight };
  }

  /** @returns false, and nothing is published, when there is no room. */
  publish(message: Message): boolean {
    if (!this.hasRoom) return false;
    this.#sent += message.points;
    this.#inFlight++;
    this.#outlet.publish(message, (error) => {
      this.#inFlight--;
      if (error === undefined) this.#acknowledged += message.points;
      else this.#failed += message.points;
      if (this.#inFlight === 0) this.#onLanded?.();
    });
    return true;
  }

  /** Resolves when every message has been answered; at once when none is in flight. */
  async landed(): Promise<void> {
    if (this.#inFlight > 0) await new Promise<void>((resolve) => (this.#onLanded = resolve));
  }
}
