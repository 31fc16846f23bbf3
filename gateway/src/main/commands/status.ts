import { get } from 'node:http';
import { describeError, errnoOf, GatewayError } from '../../base/errors.ts';
import { formatBytes } from '../../base/units.ts';
import { shedTotal } from '../../core/model/ledger.ts';
import { LANES } from '../../core/model/series.ts';
import type { StatusDocument } from '../status-report.ts';
import { type Command, EXIT, print, printJson, table } from './command.ts';
import { endedWithoutNotice } from './state-access.ts';
import { pathsFrom, runningGateway, STATE_OPTIONS } from './state-folder.ts';

/** Ample for a slow board: a second or two there. */
const TIMEOUT_MS = 20_000;

export const status: Command = {
  verb: 'status',
  usage: '[--state DIR]',
  summary: 'How the running gateway stands: ledger, modules, alarms, cloud.',
  options: STATE_OPTIONS,
  words: [0, 0],
  async run({ options }) {
    const paths = pathsFrom(options);
    const running = runningGateway(paths);
    if (running === null) {
      throw new GatewayError('unavailable', `no gateway runs on state folder ${paths.folder}`, {
        hint: '`tidegate store status` reads the folder without it.',
      });
    }
    const document = await fetchStatus(`${running.web}api/status`).catch((error: GatewayError) => {
      const isGone = errnoOf(error.cause) === 'ECONNREFUSED';
      throw isGone ? endedWithoutNotice(paths, `nothing listens at ${running.web}`) : error;
    });
    if (options.json) printJson(document);
    else printStatus(document);
    return EXIT.ok;
  },
};

/** @throws GatewayError as the gateway did, `unavailable` when it does not answer. */
async function fetchStatus(url: string): Promise<StatusDocument> {
  let answer: StatusDocument | ReturnType<GatewayError['toJSON']>;
  try {
    answer = JSON.parse(await textOf(url)) as typeof answer;
  } catch (error) {
    throw new GatewayError('unavailable', `ask the gateway at ${url}: ${describeError(error)}`, { cause: error });
  }
  if (!('code' in answer)) return answer;
  const { code, message, hint } = answer;
  throw new GatewayError(code, message, hint === undefined ? {} : { hint });
}

/** Not by `fetch`, whose client takes a second to load on a board. */
function textOf(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = get(url, { timeout: TIMEOUT_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('end', () => resolve(text)).once('error', reject);
    });
    sent.once('timeout', () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`))).once('error', reject);
  });
}

function printStatus({ gateway, rates, ledger, ingest, modules, store, sync, alarms, process }: StatusDocument): void {
  const seconds = Math.round(process.uptimeMs / 1000);
  print(`${gateway.id}  ${gateway.state} for ${seconds} s  epoch ${gateway.epoch}  version ${gateway.version}`);
  print(
    `points ${Math.round(rates.pointsPerSecond).toLocaleString('en-US')}/s  from ${ingest.connections} connections at ${ingest.address}  ${ingest.series} series`,
  );
  print(
    `disk ${formatBytes(store.diskBytes)} of ${formatBytes(store.diskMaxBytes)}${store.daysLeft === null ? '' : `, ${store.daysLeft.toFixed(1)} days left`}${store.problem === null ? '' : `  PROBLEM: ${store.problem}`}`,
  );
  print(
    `cloud ${sync.link}${sync.configured ? ` (${sync.server})` : ''}  ${sync.queuedSegments} segments queued${sync.error === null ? '' : `  ${sync.error}`}\n`,
  );
  print(ledgerTable(ledger.lanes));
  print(ledger.balanced ? 'The ledger balances.\n' : 'THE LEDGER DOES NOT BALANCE.\n');
  print(
    table(
      ['module', 'state', 'calls', 'rows in', 'rows out', 'traps', 'error'],
      modules.map((m) => [m.name, m.state, m.calls, m.rowsIn, m.rowsOut, m.traps, m.error ?? '']),
    ),
  );
  const raised = alarms.filter((alarm) => alarm.state === 'raised');
  if (raised.length > 0)
    print(
      `\n${table(
        ['alarm', 'kind', 'value', 'since'],
        raised.map((a) => [a.series ?? '', a.kind, String(a.value), new Date(a.raisedMs).toISOString()]),
      )}`,
    );
}

export function ledgerTable(lanes: StatusDocument['ledger']['lanes']): string {
  const head = ['lane', 'received', 'shed', 'stored', 'confirmed', 'queued', 'quarantined', 'expired'];
  const rows = LANES.map((lane) => {
    const account = lanes[lane];
    return [
      lane,
      account.received,
      shedTotal(account),
      account.stored,
      account.confirmed,
      account.queued,
      account.quarantined,
      account.expired,
    ];
  });
  const sum = head.slice(1).map((_, column) => rows.reduce((total, row) => total + (row[column + 1] as number), 0));
  return table(head, [...rows, ['all', ...sum]]);
}
