import type { Gateway } from '../gateway.ts';

/** One line, renewed each second on a terminal; elsewhere a line each ten seconds. */
export class StatusLine implements Disposable {
  readonly #gateway: Gateway;
  readonly #hasCloud: boolean;
  #timer: NodeJS.Timeout | undefined;
  #isBusy = false;

  constructor(gateway: Gateway, hasCloud: boolean) {
    this.#gateway = gateway;
    this.#hasCloud = hasCloud;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#show(), process.stderr.isTTY ? 1000 : 10_000);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    if (process.stderr.isTTY) process.stderr.write('\n');
  }

  async #show(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      const { rates, ledger, ingest, store, sync, alarms } = await this.#gateway.report.status();
      const n = (value: number) => Math.round(value).toLocaleString('en-US');
      const raised = alarms.filter((alarm) => alarm.state === 'raised').length;
      const days = store.daysLeft === null ? '' : `, ${store.daysLeft.toFixed(1)} days left`;
      const parts = [
        `${n(rates.pointsPerSecond)} points/s`,
        `${n(ledger.stored)} stored`,
        this.#hasCloud ? `${n(ledger.confirmed)} confirmed (link ${sync.link})` : '',
        `${n(ledger.queued)} queued${days}`,
        `${n(ingest.series)} series`,
        `${raised} alarms`,
        ledger.balanced ? 'balanced' : 'NOT BALANCED',
      ];
      const line = parts.filter(Boolean).join(' · ');
      process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
    } finally {
      this.#isBusy = false;
    }
  }
}
