import { Cron } from 'croner';
import { describeError, GatewayError } from '../../base/errors.ts';
import type { Schedule } from '../../core/functions/ports.ts';

/** Completes "found …": why an expression cannot be read, or that it never fires, such as on 31 February; null: it is right. */
export function cronProblem(pattern: string): string | null {
  try {
    const next = new Cron(pattern, { timezone: 'UTC', paused: true, mode: '5-or-6-parts' }).nextRun(new Date(0));
    return next === null ? `"${pattern}", which never fires` : null;
  } catch (error) {
    return `"${pattern}": ${describeError(error)}`;
  }
}

/**
 * Cron expressions: minute, hour, day of month, month, day of week; or six fields with seconds first. Names of months and days, ranges, lists
 * and steps as in crontab(5). In a time zone with summer time, a moment that does not exist is taken after the gap.
 * @param timezone a name of the IANA database.
 * @throws GatewayError `invalid` naming what is wrong.
 */
export function cronSchedule(pattern: string, timezone: string): Schedule {
  let cron: Cron;
  try {
    // Paused: it only tells times; who sleeps is the timer, by the gateway's clock.
    cron = new Cron(pattern, { timezone, paused: true, mode: '5-or-6-parts' });
    cron.nextRun(new Date(0));
  } catch (error) {
    throw new GatewayError('invalid', `cron "${pattern}" in time zone ${timezone}`, {
      cause: error,
      hint: 'Five fields: minute hour day-of-month month day-of-week, such as "0 6 * * MON-FRI"; a time zone such as Europe/Berlin.',
    });
  }
  return { next: (afterMs) => cron.nextRun(new Date(afterMs))?.getTime() ?? null };
}
