import { LANES, type Lane } from './series.ts';

/** Why points were not stored. The index is stored: append only. */
export const SHED_REASONS = ['series_limit', 'module_output'] as const;
export type ShedReason = (typeof SHED_REASONS)[number];

/** Accounts of one lane, in points, since the store's epoch began. */
export interface LaneLedger {
  /** Counted where points enter: readings decoded (live), rows emitted by modules (aggregate, alarm). */
  received: number;
  /** Counted where rows are written to the journal, plus rejected messages kept in quarantine. */
  stored: number;
  shed: Record<ShedReason, number>;
  /** Counted when a receipt has been recorded. */
  confirmed: number;
  /** Rejected messages (one each, whatever they held) and points of segments found corrupt. */
  quarantined: number;
  /** Deleted by policy before they were confirmed. */
  expired: number;
  /** Counted afresh from the journal's tail and the unconfirmed segments, never derived from the others. */
  queued: number;
}

export type Ledger = Record<Lane, LaneLedger>;

export function emptyLaneLedger(): LaneLedger {
  const shed = Object.fromEntries(SHED_REASONS.map((reason) => [reason, 0])) as Record<ShedReason, number>;
  return { received: 0, stored: 0, shed, confirmed: 0, quarantined: 0, expired: 0, queued: 0 };
}

export function emptyLedger(): Ledger {
  return Object.fromEntries(LANES.map((lane) => [lane, emptyLaneLedger()])) as Ledger;
}

export function shedTotal(lane: LaneLedger): number {
  return SHED_REASONS.reduce((sum, reason) => sum + lane.shed[reason], 0);
}

/** The two identities that must hold to the point: received = stored + shed; stored = confirmed + queued + quarantined + expired. */
export function isLaneBalanced(lane: LaneLedger): boolean {
  return (
    lane.received === lane.stored + shedTotal(lane) &&
    lane.stored === lane.confirmed + lane.queued + lane.quarantined + lane.expired
  );
}

/** Sum over lanes, flat, as the command line and the page show it. */
export interface LedgerTotals {
  received: number;
  stored: number;
  shed: number;
  confirmed: number;
  queued: number;
  quarantined: number;
  expired: number;
  balanced: boolean;
}

export function ledgerTotals(ledger: Ledger): LedgerTotals {
  const totals = {
    received: 0,
    stored: 0,
    shed: 0,
    confirmed: 0,
    queued: 0,
    quarantined: 0,
    expired: 0,
    balanced: true,
  };
  for (const lane of LANES) {
    const account = ledger[lane];
    totals.received += account.received;
    totals.stored += account.stored;
    totals.shed += shedTotal(account);
    totals.confirmed += account.confirmed;
    totals.queued += account.queued;
    totals.quarantined += account.quarantined;
    totals.expired += account.expired;
    totals.balanced &&= isLaneBalanced(account);
  }
  return totals;
}
