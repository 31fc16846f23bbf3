/** One line a notice, on standard error; where that leads to systemd's journal, in the form that it reads: `<priority>` before the text. */
import { isJournal } from '../../adapters/systemd/journal-stream.ts';
import { logLine } from './log-line.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

export type Log = (level: LogLevel, text: string) => void;

/** Numbers of syslog, see sd-daemon(3). */
const PRIORITY: Record<LogLevel, number> = { error: 3, warn: 4, info: 6, debug: 7 };

/** Lines a second; what is beyond is counted and told with the next line. */
const LINES_PER_SECOND_MAX = 20;

export function createLog(threshold: LogLevel): Log {
  const toJournal = isJournal(process.env, process.stderr.fd);
  let second = 0;
  let lines = 0;
  let suppressed = 0;
  return (level, text) => {
    if (PRIORITY[level] > PRIORITY[threshold]) return;
    const now = Math.floor(Date.now() / 1000);
    if (now !== second) {
      second = now;
      lines = 0;
    }
    if (++lines > LINES_PER_SECOND_MAX) {
      suppressed++;
      return;
    }
    // The journal has a clock of its own.
    const prefix = toJournal ? `<${PRIORITY[level]}>` : `${new Date().toISOString()} ${level} `;
    const missed = suppressed > 0 ? ` (${suppressed} lines suppressed before)` : '';
    suppressed = 0;
    process.stderr.write(`${prefix}${logLine(text)}${missed}\n`);
  };
}
