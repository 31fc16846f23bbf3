import { openForReading } from '../../adapters/sqlite/database.ts';
import { readSinkTotals } from '../../adapters/sqlite/sink-store.ts';
import { type Ledger, ledgerTotals } from '../../core/model/ledger.ts';
import { assets } from '../assets.ts';
import { ledgerTable } from '../commands/status.ts';
import type { Gateway } from '../gateway.ts';
import type { DemoCloud } from './cloud.ts';

export interface FinalReport {
  readonly received: number;
  readonly stored: number;
  readonly shed: number;
  readonly confirmed: number;
  readonly queued: number;
  readonly quarantined: number;
  readonly expired: number;
  /** Points that the sink holds of this gateway and epoch; null without a sink. */
  readonly sinkUnique: number | null;
  /** Points that it holds more than once. */
  readonly sinkDuplicates: number | null;
  /** Both identities of the ledger hold, and the sink has as many points as are confirmed. */
  readonly balanced: boolean;
  readonly lanes: Ledger;
}

export async function finalReport(gateway: Gateway, cloud: DemoCloud | null): Promise<FinalReport> {
  const { ledger, gateway: identity } = await gateway.report.status();
  const { lanes } = ledger;
  const { balanced, ...totals } = ledgerTotals(lanes);
  if (cloud === null) return { ...totals, sinkUnique: null, sinkDuplicates: null, balanced, lanes };
  const database = openForReading(cloud.database, { nativeBinding: assets.nativeBinding('better_sqlite3') });
  const sink = readSinkTotals(database, { gateway: identity.id, epoch: identity.epoch });
  database.close();
  // What expired after it had been sent is at the sink and not confirmed.
  const hasAll = sink.unique >= totals.confirmed && sink.unique <= totals.confirmed + totals.queued + totals.expired;
  return { ...totals, sinkUnique: sink.unique, sinkDuplicates: sink.duplicates, balanced: balanced && hasAll, lanes };
}

export function printReport({ lanes, ...report }: FinalReport, isJson: boolean): void {
  const out = (line: string) => process.stdout.write(`${line}\n`);
  out(ledgerTable(lanes));
  out(
    report.sinkUnique === null
      ? 'no sink'
      : `sink: ${report.sinkUnique.toLocaleString('en-US')} distinct points, ${report.sinkDuplicates} duplicates`,
  );
  const isBalanced = ledgerTotals(lanes).balanced;
  out(isBalanced ? 'The ledger balances.' : 'THE LEDGER DOES NOT BALANCE.');
  if (isBalanced && !report.balanced) {
    out(
      `But the sink holds ${report.sinkUnique} of ${report.confirmed} confirmed points: was its database removed or replaced?`,
    );
  }
  if (isJson) out(JSON.stringify({ ...report, lanes }));
}
