/** The words of sd_notify(3): how a service tells systemd that it runs, how it stands, and that it lives. */
import { GatewayError } from '../../base/errors.ts';
import { type Millis, millis } from '../../base/units.ts';

/** Sends one datagram to a Unix socket; returns 0 or an errno, and never waits. */
export type SendDatagram = (address: string, text: string) => number;

export interface NotifySettings {
  /** A path, or `@` and the name of an abstract socket. */
  readonly address: string;
  /** A service that has not said for so long that it lives is ended; null: nobody watches. */
  readonly watchdogMs: Millis | null;
}

/** One assignment a key; all go in one datagram, so that systemd takes them together. */
export interface Notice {
  readonly READY?: 1;
  readonly STOPPING?: 1;
  readonly WATCHDOG?: 1;
  /** One line for `systemctl status`. */
  readonly STATUS?: string;
  /** From now on this long for what runs: start or stop. Microseconds. */
  readonly EXTEND_TIMEOUT_USEC?: number;
}

/** What `systemctl status` shows of a longer line is of no use. */
const STATUS_CHARACTERS_MAX = 200;

/**
 * What systemd has put into the environment of this process; null when it wants to hear nothing.
 * @throws GatewayError `invalid` for an address of another kind than Unix sockets.
 */
export function notifySettings(env: NodeJS.ProcessEnv, pid: number): NotifySettings | null {
  const address = env.NOTIFY_SOCKET;
  if (!address) return null;
  if (!/^[/@]./.test(address)) {
    throw new GatewayError('invalid', `NOTIFY_SOCKET: a path or @name expected, ${JSON.stringify(address)} found`, {
      hint: 'Tidegate speaks to systemd over Unix sockets only.',
    });
  }
  const micros = Number(env.WATCHDOG_USEC);
  // The variable is inherited: it may be meant for another process.
  const isOurs = !env.WATCHDOG_PID || Number(env.WATCHDOG_PID) === pid;
  return { address, watchdogMs: isOurs && micros > 0 ? millis(micros / 1000) : null };
}

/** Tells systemd. @returns 0, or the errno of a failure; the caller may simply say it again. */
export function sendNotice(send: SendDatagram, { address }: NotifySettings, notice: Notice): number {
  const lines = Object.entries(notice).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? oneLine(value) : value}`,
  );
  return send(address, lines.join('\n'));
}

/** A line break would begin another assignment. */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be sent.
  const line = text.replace(/[\u0000-\u001f\u007f]+/g, ' ');
  return line.length <= STATUS_CHARACTERS_MAX ? line : `${line.slice(0, STATUS_CHARACTERS_MAX - 1)}…`;
}
