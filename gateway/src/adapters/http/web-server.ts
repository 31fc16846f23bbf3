/**
 * A local listener for pages, JSON, health and metrics: on a loopback port for everybody on this machine, or on a Unix socket for its owner
 * alone. Every request and answer is bounded.
 */
import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { gzipSync } from 'node:zlib';
import { type ErrorCode, GatewayError } from '../../base/errors.ts';

export interface WebReply {
  readonly status?: number;
  readonly type: string;
  readonly body: string | Uint8Array;
  /** Beside those that every answer has, or in their place. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface WebRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  /** What the pattern's groups matched. */
  readonly parts: readonly string[];
  /** By lower-case name. */
  readonly headers: IncomingHttpHeaders;
  /** Empty unless the method is POST. */
  readonly body: Buffer;
}

export interface WebRoute {
  /** Left out: GET (and HEAD). */
  readonly method?: 'POST';
  readonly pattern: RegExp;
  /** Octets of a body. Left out: 64 KiB. */
  readonly bodyMax?: number;
  readonly handle: (request: WebRequest) => Promise<WebReply> | WebReply;
}

/** A TCP port, or the path of a Unix socket, which is made for its owner alone. */
export type WebSettings = { readonly address: string; readonly port: number } | { readonly path: string };

export interface WebHandlers {
  readonly routes: readonly WebRoute[];
  /** A static file by path, or null. */
  readonly page: (path: string) => Uint8Array | null;
  /** An error nobody expected, with the id that the caller was shown. */
  readonly onUnexpected: (error: unknown, id: string) => void;
}

const STATUS_OF: Record<ErrorCode, number> = {
  invalid: 400,
  denied: 403,
  not_found: 404,
  conflict: 409,
  corrupt: 500,
  exhausted: 503,
  unavailable: 503,
};

const TYPES: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The page needs nothing from elsewhere, and no other page may frame or script it. */
const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

const CONNECTIONS_MAX = 64;
const COMPRESS_FROM_BYTES = 1400;
const BODY_BYTES_MAX = 64 * 1024;
/** Of a body that is over its bound, read on behind the answer: closed on octets that nobody read, a connection is reset and the answer lost. */
const READ_ON_BYTES_MAX = 64 * 1024 * 1024;
const READ_ON_MS = 5000;

export class WebServer implements AsyncDisposable {
  readonly #settings: WebSettings;
  readonly #handlers: WebHandlers;
  readonly #server: Server;

  constructor(settings: WebSettings, handlers: WebHandlers) {
    this.#settings = settings;
    this.#handlers = handlers;
    this.#server = createServer(
      { requestTimeout: 10_000, headersTimeout: 5000, maxHeaderSize: 8192 },
      (request, response) => {
        this.#answer(request, response).catch((error) => {
          this.#handlers.onUnexpected(error, 'while answering');
          response.destroy();
        });
      },
    );
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** @throws GatewayError `unavailable` when the address is taken. */
  async start(): Promise<{ address: string; port: number }> {
    const settings = this.#settings;
    const where = 'path' in settings ? settings.path : `${settings.address}:${settings.port}`;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      if ('path' in settings) listenForOwner(this.#server, settings.path, resolve);
      else this.#server.listen(settings.port, settings.address, resolve);
    }).catch((error) => {
      throw new GatewayError('unavailable', `web listener on ${where}`, {
        cause: error,
        hint: 'Is another Tidegate or web server running on this port? Set web.port.',
      });
    });
    if ('path' in settings) return { address: settings.path, port: 0 };
    return { address: settings.address, port: (this.#server.address() as { port: number }).port };
  }

  [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    return closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = await this.#reply(request);
    if (reply === 'gone') return;
    const { status = 200, type, body, headers: more = {} } = reply;
    let octets = typeof body === 'string' ? Buffer.from(body) : body;
    const headers: Record<string, string> = {
      'content-type': type,
      'cache-control': 'no-cache',
      ...SECURITY_HEADERS,
      ...more,
    };
    if (octets.length >= COMPRESS_FROM_BYTES && /\bgzip\b/.test(String(request.headers['accept-encoding']))) {
      octets = gzipSync(octets, { level: 1 });
      headers['content-encoding'] = 'gzip';
    }
    const isCut = status === 413 && !request.complete;
    if (isCut) headers.connection = 'close';
    response.writeHead(status, { ...headers, 'content-length': octets.length });
    if (isCut) {
      response.write(octets);
      await readOn(request);
    }
    response.end(isCut || request.method === 'HEAD' ? undefined : octets);
  }

  /** @returns `gone` when the client went away before it had sent all. */
  async #reply(request: IncomingMessage): Promise<WebReply | 'gone'> {
    try {
      this.#checkOrigin(request);
      const url = targetOf(request.url ?? '/');
      const here = this.#handlers.routes.filter(({ pattern }) => pattern.test(url.pathname));
      const isRead = request.method === 'GET' || request.method === 'HEAD';
      const route = here.find(({ method }) => (method === undefined ? isRead : method === request.method));
      if (route !== undefined) {
        const max = route.bodyMax ?? BODY_BYTES_MAX;
        const body = isRead ? Buffer.alloc(0) : await readBody(request, max);
        if (body === 'gone') return body;
        if (body === 'too_large') return tooLarge(max);
        const parts = route.pattern.exec(url.pathname)!.slice(1);
        return await route.handle({
          path: url.pathname,
          query: url.searchParams,
          parts,
          headers: request.headers,
          body,
        });
      }
      if (here.length > 0) return wrongMethod(request, here);
      const file = this.#handlers.page(url.pathname);
      if (file === null) throw new GatewayError('not_found', `no page ${url.pathname.slice(0, 100)}`);
      if (!isRead) return wrongMethod(request, [{}]);
      const extension = url.pathname === '/' ? 'html' : (url.pathname.split('.').at(-1) ?? '');
      return { type: TYPES[extension] ?? 'application/octet-stream', body: file };
    } catch (error) {
      return this.#failure(error);
    }
  }

  /** On a port, whoever writes must not be a page of someone else: browsers say where a request comes from, programs do not. */
  #checkOrigin(request: IncomingMessage): void {
    if ('path' in this.#settings) return;
    this.#checkHost(request, this.#settings.address);
    const { origin, host } = request.headers;
    if (origin !== undefined && origin !== `http://${host}`) {
      throw new GatewayError('denied', `origin ${origin.slice(0, 100)}: this listener serves its own pages only`);
    }
  }

  /** A name that leads here by a foreign DNS entry is not ours: that is how a web page of someone else would read this one. */
  #checkHost(request: IncomingMessage, address: string): void {
    const host = (request.headers.host ?? '').replace(/:\d+$/, '');
    const own = ['localhost', '127.0.0.1', '[::1]', address, `[${address}]`];
    if (!own.includes(host) && !/^127\.\d+\.\d+\.\d+$/.test(host)) {
      throw new GatewayError('denied', `host ${host.slice(0, 100)}: this listener answers to its own address only`);
    }
  }

  #failure(error: unknown): WebReply {
    if (error instanceof GatewayError) return json(error.toJSON(), STATUS_OF[error.code]);
    const id = randomUUID().slice(0, 8);
    this.#handlers.onUnexpected(error, id);
    return json(
      { code: 'internal', message: `internal error ${id}`, hint: 'The journal has the details under this id.' },
      500,
    );
  }
}

/** A socket file left by a gateway that was killed is nobody's: the lock on the state folder says so. */
function listenForOwner(server: Server, path: string, onListening: () => void): void {
  fs.rmSync(path, { force: true });
  // The mask counts at `bind`, which happens within `listen`.
  const mask = process.umask(0o177);
  try {
    server.listen(path, onListening);
  } finally {
    process.umask(mask);
  }
}

/** A path that begins with two slashes is a path, and no host. @throws GatewayError `invalid` for what is no address. */
function targetOf(target: string): URL {
  const url = URL.parse(target.startsWith('/') ? `http://gateway${target}` : target, 'http://gateway');
  if (url === null) throw new GatewayError('invalid', `a path expected, ${target.slice(0, 100)} found`);
  return url;
}

/** @returns `too_large` when there is more, which stays unread; `gone` when the client went away before the end. */
async function readBody(request: IncomingMessage, max: number): Promise<Buffer | 'too_large' | 'gone'> {
  const chunks: Buffer[] = [];
  let octets = 0;
  try {
    for await (const chunk of chunksOf(request)) {
      octets += chunk.length;
      if (octets > max) return 'too_large';
      chunks.push(chunk);
    }
  } catch {
    // Reading a request fails only with its connection: there is nobody to answer.
    return 'gone';
  }
  return Buffer.concat(chunks);
}

/** Until the client has sent all, has gone, or a bound is reached. */
async function readOn(request: IncomingMessage): Promise<void> {
  const timer = setTimeout(() => request.destroy(), READ_ON_MS);
  let octets = 0;
  try {
    for await (const chunk of chunksOf(request)) {
      octets += chunk.length;
      if (octets > READ_ON_BYTES_MAX) return;
    }
  } catch {
    // Gone, or out of time: it had its answer.
  } finally {
    clearTimeout(timer);
  }
}

/** Whoever ends the loop early leaves the connection open. */
function chunksOf(request: IncomingMessage): AsyncIterable<Buffer> {
  return request.iterator({ destroyOnReturn: false });
}

function tooLarge(max: number): WebReply {
  const error = new GatewayError('invalid', `a body of at most ${max} octets expected, more found`);
  return json(error.toJSON(), 413);
}

function wrongMethod(request: IncomingMessage, routes: readonly Pick<WebRoute, 'method'>[]): WebReply {
  const allowed = new Set(routes.flatMap(({ method }) => (method === undefined ? ['GET', 'HEAD'] : [method])));
  const error = new GatewayError('invalid', `method ${[...allowed].join(' or ')} expected, ${request.method} found`);
  return { ...json(error.toJSON(), 405), headers: { allow: [...allowed].join(', ') } };
}

export function json(value: unknown, status = 200): WebReply {
  return { status, type: 'application/json', body: JSON.stringify(value) };
}
