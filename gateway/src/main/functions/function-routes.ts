/** Functions over HTTP: calls from programs on the web listener, and the commands of the owner on the control socket. */
import { randomUUID } from 'node:crypto';
import { json, type WebReply, type WebRequest, type WebRoute } from '../../adapters/http/web-server.ts';
import type { Database } from '../../adapters/sqlite/database.ts';
import { listDeadLetters } from '../../adapters/sqlite/event-queue.ts';
import type { Remote } from '../../adapters/threads/rpc.ts';
import { systemClock } from '../../base/clock.ts';
import { GatewayError } from '../../base/errors.ts';
import type { Config } from '../../config/settings.ts';
import { CallError, type CallResult } from '../../core/functions/ports.ts';
import { decodeEvent, encodeEvent, makeEvent } from '../../core/model/event.ts';
import type { StoreVerbs } from '../thread-messages.ts';
import { eventSource } from './event-source.ts';
import type { Functions } from './functions.ts';

const BODY_BYTES_MAX = 256 * 1024;
const DEAD_SHOWN_MAX = 1000;
const DEFAULT_TYPE = 'tidegate.invoke';

export interface FunctionWebParts {
  readonly config: Config;
  readonly gatewayId: string;
  readonly functions: Functions;
}

/** `POST /fn/<function>[/...]`, and GET where the trigger says so. */
export function functionWebRoutes(parts: FunctionWebParts): WebRoute[] {
  const pattern = /^\/fn\/([a-z0-9-]{1,32})(\/.*)?$/;
  const handle = (method: 'GET' | 'POST') => (request: WebRequest) => call(parts, method, request);
  return [
    { method: 'POST', pattern, bodyMax: BODY_BYTES_MAX, handle: handle('POST') },
    { pattern, handle: handle('GET') },
  ];
}

async function call(
  { config, gatewayId, functions }: FunctionWebParts,
  method: 'GET' | 'POST',
  request: WebRequest,
): Promise<WebReply> {
  const [name = '', path = ''] = request.parts;
  const triggers = config.function.find((one) => one.name === name)?.trigger ?? [];
  const matching = triggers.filter((one) => one.type === 'http' && isBelow(path, one.path));
  if (matching.length === 0)
    throw new GatewayError('not_found', `no function answers to ${request.path.slice(0, 100)}`);
  if (method === 'GET' && !matching.some(({ get }) => get)) {
    const error = { code: 'invalid', message: 'method POST expected, GET found' };
    return { ...json(error, 405), headers: { allow: 'POST' } };
  }
  const event = makeEvent({
    id: randomUUID(),
    source: eventSource(gatewayId, 'http'),
    type: 'tidegate.http.request',
    timeMs: systemClock.now(),
    data: request.body,
    more: {
      subject: request.path,
      method,
      query: request.query.toString(),
      datacontenttype: request.headers['content-type'],
      traceparent: String(request.headers.traceparent ?? ''),
    },
  });
  return functions.answer(name, encodeEvent(event));
}

/** Whole segments only. An empty path of a trigger is above everything. */
function isBelow(path: string, of: string): boolean {
  return of === '' || path === of || path.startsWith(`${of}/`);
}

export interface FunctionControlParts {
  readonly functions: Functions;
  readonly store: Remote<StoreVerbs>;
  /** Read-only. */
  readonly database: Database;
}

/** What `tidegate function ...` asks for. */
export function functionControlRoutes({ functions, store, database }: FunctionControlParts): WebRoute[] {
  return [
    { pattern: /^\/control\/functions$/, handle: async () => json(await functions.statuses()) },
    {
      method: 'POST',
      pattern: /^\/control\/functions\/([a-z0-9-]{1,32})\/invoke$/,
      bodyMax: BODY_BYTES_MAX,
      handle: async ({ parts: [name], query, body }) => {
        const started = systemClock.monotonic();
        const outcome = await functions.invoke(name!, query.get('type') ?? DEFAULT_TYPE, body).catch(callErrorOnly);
        return json(outcomeOf(outcome, systemClock.monotonic() - started));
      },
    },
    {
      pattern: /^\/control\/dead-letters$/,
      handle: ({ query }) => {
        const limit = Math.max(1, Math.min(DEAD_SHOWN_MAX, Number(query.get('limit') ?? 100) || 100));
        return json(deadLetterList(database, query.get('function'), limit));
      },
    },
    {
      method: 'POST',
      pattern: /^\/control\/dead-letters\/(\d{1,15})\/retry$/,
      handle: async ({ parts: [id] }) => json({ id: Number(id), function: await store.retryDeadLetter(Number(id)) }),
    },
    {
      method: 'POST',
      pattern: /^\/control\/dead-letters\/(\d{1,15})\/drop$/,
      handle: async ({ parts: [id] }) => {
        await store.dropDeadLetter(Number(id));
        return json({ id: Number(id) });
      },
    },
  ];
}

/** Dead letters with what their events say, for people. */
export function deadLetterList(database: Database, fn: string | null, limit: number) {
  return listDeadLetters(database, fn, limit).map(({ event: octets, ...row }) => {
    const { attributes, data } = decodeEvent(octets);
    return { ...row, attributes, dataBytes: data.length, sample: Buffer.from(data.subarray(0, 200)).toString('utf8') };
  });
}

export type InvokeOutcome = ReturnType<typeof outcomeOf>;

function callErrorOnly(error: unknown): CallError {
  if (error instanceof CallError) return error;
  throw error;
}

function outcomeOf(outcome: CallResult | CallError, tookMs: number) {
  if (outcome instanceof CallError) return { tookMs, fault: outcome.fault, error: outcome.message };
  const { errno, reply } = outcome;
  const data = reply === null ? null : Buffer.from(reply.data).toString('base64');
  return { tookMs, errno, attributes: reply?.attributes ?? null, data };
}
