/** What the web listener answers: a table of paths. */
import { json, type WebReply, type WebRequest, type WebRoute } from '../adapters/http/web-server.ts';
import { Metrics } from '../adapters/otel/metrics.ts';
import type { Database } from '../adapters/sqlite/database.ts';
import { findSaga, readTimeline } from '../adapters/sqlite/saga-store.ts';
import type { Remote } from '../adapters/threads/rpc.ts';
import { GatewayError } from '../base/errors.ts';
import { Buckets } from '../core/model/buckets.ts';
import type { Series } from '../core/model/series.ts';
import { assets } from './assets.ts';
import { gaugesOver } from './gauges/all.ts';
import { type PointHistory, within } from './point-history.ts';
import { type StatusDocument, type StatusReport, sagaSummary } from './status-report.ts';
import type { SharedParts, StoreVerbs } from './thread-messages.ts';

export interface WebParts {
  /** Of the gateway. */
  readonly id: string;
  readonly report: StatusReport;
  readonly history: PointHistory;
  readonly store: Remote<StoreVerbs>;
  readonly series: readonly Series[];
  readonly database: Database;
  readonly shared: SharedParts;
}

const BUCKETS_MAX = 2000;
const HOUR_MS = 3_600_000;

export function webRoutes(parts: WebParts): WebRoute[] {
  const { report, database } = parts;
  let scraped: StatusDocument | null = null;
  const metrics = new Metrics(
    { id: parts.id, version: assets.version },
    parts.shared.counters,
    gaugesOver(() => scraped),
  );
  return [
    { pattern: /^\/healthz$/, handle: () => text('ok') },
    { pattern: /^\/readyz$/, handle: () => readiness(report) },
    {
      pattern: /^\/metrics$/,
      async handle() {
        scraped = await report.status();
        return { type: 'text/plain; version=0.0.4; charset=utf-8', body: await metrics.render() };
      },
    },
    { pattern: /^\/api\/status$/, handle: async () => json(await report.status()) },
    { pattern: /^\/api\/series$/, handle: () => json(report.seriesList()) },
    { pattern: /^\/api\/series\/(\d+)\/points$/, handle: (request) => seriesPoints(parts, request) },
    {
      pattern: /^\/api\/sagas\/([\w-]+)$/,
      handle({ parts: [id] }) {
        const saga = findSaga(database, id!);
        if (saga === undefined) throw new GatewayError('not_found', `saga ${id}: no such saga`);
        return json({
          saga: { ...sagaSummary(saga), parameters: saga.parameters },
          events: readTimeline(database, id!),
        });
      },
    },
  ];
}

function text(body: string, status = 200): WebReply {
  return { status, type: 'text/plain; charset=utf-8', body: `${body}\n` };
}

/** Ready: taking points and storing them. The cloud does not matter: nothing waits for it. */
async function readiness(report: StatusReport): Promise<WebReply> {
  const { gateway, store } = await report.status();
  if (gateway.state !== 'running') return text(gateway.state, 503);
  return store.problem === null ? text('ready') : text(`store: ${store.problem}`, 503);
}

async function seriesPoints(
  { series, history, store, report }: WebParts,
  { parts: [id], query }: WebRequest,
): Promise<WebReply> {
  const wanted = series.find((one) => one.id === Number(id));
  if (wanted === undefined) throw new GatewayError('not_found', `series ${id}: no such series`);
  const now = Date.now();
  const toMs = numberFrom(query, 'to', now);
  const fromMs = numberFrom(query, 'from', toMs - HOUR_MS);
  const max = Math.min(BUCKETS_MAX, Math.max(1, numberFrom(query, 'max', 600)));
  if (!(fromMs < toMs)) throw new GatewayError('invalid', `from before to expected, ${fromMs} and ${toMs} found`);
  // The tail first: what is sealed meanwhile is then found in its segment, and at worst drawn twice, never missed.
  const tail = within(await store.tail(wanted.id), fromMs, toMs);
  const buckets = new Buckets(fromMs, toMs, Math.floor(max));
  for await (const points of history.pointsOf(wanted, fromMs, toMs)) buckets.add(points);
  buckets.add(tail);
  return json({ series: report.latestOf(wanted), ...buckets.result(), damagedSegments: history.damaged.size });
}

function numberFrom(query: URLSearchParams, name: string, otherwise: number): number {
  const raw = query.get(name);
  // Text of nothing but blanks would be 0.
  const value = raw === null ? otherwise : raw.trim() === '' ? Number.NaN : Number(raw);
  if (!Number.isFinite(value))
    throw new GatewayError('invalid', `${name}: a number expected, ${JSON.stringify(raw?.slice(0, 40))} found`);
  return value;
}
