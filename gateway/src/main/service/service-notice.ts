/**
 * The gateway as a service of systemd: READY=1 when sources are heard, STATUS= how it stands, and WATCHDOG=1 for as long as it really gets on. That
 * is: the main loop turns (it asks), the store and ingest workers have answered since the last time, and the store does not only fail. A cloud
 * that is away is none of these. Whatever stands still is not fed, and after WatchdogSec= systemd starts the gateway anew.
 */

import { loadSendDatagram } from '../../../../native/service-notify/index.ts';
import {
  type Notice,
  type NotifySettings,
  notifySettings,
  type SendDatagram,
  sendNotice,
} from '../../adapters/systemd/notify-socket.ts';
import { systemClock } from '../../base/clock.ts';
import { describeError } from '../../base/errors.ts';
import { assets } from '../assets.ts';
import type { Gateway } from '../gateway.ts';
import type { StatusDocument } from '../status-report.ts';
import type { Log } from './log.ts';
import { StoreProgress } from './store-progress.ts';

/** How often to say how it stands. */
const BEAT_MS = 5000;
/** So often within the time that the watchdog allows: one answer may come late. */
const BEATS_PER_WATCHDOG = 4;
/** Of a stop: more is asked for at each beat. `tidegate run` bounds it all. */
const STOP_BEAT_MS = 2000;
const STOP_EXTENSION_MS = 10_000;

/** What the notice looks at. */
export type NoticedGateway = Pick<Gateway, 'store' | 'report'>;

/**
 * @returns null where systemd wants to hear nothing, or cannot: then the log says why.
 * @throws GatewayError `invalid` for a NOTIFY_SOCKET of another kind.
 */
export function openServiceNotice(stateFolder: string, log: Log): ServiceNotice | null {
  const settings = notifySettings(process.env, process.pid);
  if (settings === null) return null;
  const path = assets.nativeBinding('service_notify', stateFolder);
  if (path === undefined) {
    log('warn', 'systemd: the native part service_notify is not built in this checkout; `npm run package` builds it');
    return null;
  }
  // Whatever this process may start is not the service.
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete process.env[name];
  return new ServiceNotice(settings, loadSendDatagram(path), log);
}

export class ServiceNotice implements Disposable {
  readonly #settings: NotifySettings;
  readonly #send: SendDatagram;
  readonly #log: Log;
  readonly #progress = new StoreProgress();
  /** Workers that have been asked and have not answered. */
  readonly #silent = new Set<string>();
  #askedMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #said = '';
  #lastErrno = 0;

  constructor(settings: NotifySettings, send: SendDatagram, log: Log) {
    this.#settings = settings;
    this.#send = send;
    this.#log = log;
  }

  /** Sources are heard: says so, and from now on how it stands. */
  running(gateway: NoticedGateway): void {
    const { watchdogMs } = this.#settings;
    this.#tell({ READY: 1, STATUS: 'running' });
    const beatMs = Math.min(BEAT_MS, (watchdogMs ?? Infinity) / BEATS_PER_WATCHDOG);
    this.#every(beatMs, () => {
      if (this.#silent.size > 0) this.#complain();
      else void this.#beat(gateway);
    });
    void this.#beat(gateway);
  }

  /** A drain has begun. Until `dispose` it asks for more time, for as long as the main loop turns. */
  stopping(): void {
    const more = { EXTEND_TIMEOUT_USEC: STOP_EXTENSION_MS * 1000 };
    this.#tell({ STOPPING: 1, STATUS: 'draining', ...more });
    this.#every(STOP_BEAT_MS, () => this.#tell(more));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #every(ms: number, act: () => void): void {
    clearInterval(this.#timer);
    this.#timer = setInterval(act, ms).unref();
  }

  /** Asks both workers; a hang of either is that this never comes to its end. */
  async #beat({ store, report }: NoticedGateway): Promise<void> {
    const timer = this.#timer;
    this.#askedMs = systemClock.monotonic();
    this.#silent.add('store').add('ingest');
    try {
      const heard = store.status().finally(() => this.#silent.delete('store'));
      const [status] = await Promise.all([report.status(), heard]);
      if (timer !== this.#timer) return; // Meanwhile it stops.
      const stuckMs = this.#progress.look(
        systemClock.monotonic(),
        report.counter('gateway_store_commits'),
        report.counter('gateway_store_retries'),
      );
      this.#report(status, stuckMs);
    } catch (error) {
      if (timer === this.#timer) this.#say(`cannot tell how it stands: ${describeError(error)}`);
    } finally {
      this.#silent.clear();
    }
  }

  #report(status: StatusDocument, stuckMs: number): void {
    const { watchdogMs } = this.#settings;
    const isWell = watchdogMs === null || stuckMs < watchdogMs;
    const STATUS = statusLine(status);
    this.#tell(watchdogMs !== null && isWell ? { WATCHDOG: 1, STATUS } : { STATUS });
    if (isWell) this.#said = '';
    else this.#say(`nothing stored for ${seconds(stuckMs)} s: ${status.store.problem}`);
  }

  #complain(): void {
    const waitedMs = systemClock.monotonic() - this.#askedMs;
    const who = [...this.#silent][0];
    this.#tell({ STATUS: `the ${who} worker has not answered for ${seconds(waitedMs)} s` });
    const { watchdogMs } = this.#settings;
    // One late answer is not worth a line.
    if (watchdogMs !== null && waitedMs > watchdogMs / 2) this.#say(`the ${who} worker does not answer`);
  }

  /** Once for each trouble. */
  #say(text: string): void {
    const what = text.replace(/\d+/g, '');
    if (what === this.#said) return;
    this.#said = what;
    this.#log('error', `systemd: ${text}; the watchdog is not fed`);
  }

  #tell(notice: Notice): void {
    const errno = sendNotice(this.#send, this.#settings, notice);
    if (errno !== 0 && errno !== this.#lastErrno) {
      this.#log('warn', `systemd: cannot send to ${this.#settings.address}: errno ${errno}; trying again`);
    }
    this.#lastErrno = errno;
  }
}

function statusLine({ rates, sync, store, gateway }: StatusDocument): string {
  const cloud = sync.link === 'off' ? 'no cloud configured' : `cloud ${sync.link}`;
  const problem = store.problem === null ? '' : `; PROBLEM: ${store.problem}`;
  const points = Math.round(rates.pointsPerSecond).toLocaleString('en-US');
  return `${gateway.state}: ${points} points/s, ${sync.queuedSegments} segments queued, ${cloud}${problem}`;
}

function seconds(ms: number): number {
  return Math.round(ms / 1000);
}
