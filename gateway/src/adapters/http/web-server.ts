/** The local web listener: pages, JSON, health and metrics. Loopback only until access control exists; every answer is bounded. */

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { type ErrorCode, GatewayError } from '../../base/errors.ts';

export interface WebReply {
  readonly status?: number;
  readonly type: string;
  readonly body: string | Uint8Array;
}

export interface WebRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  /** What the pattern's groups matched. */
  readonly parts: readonly string[];
}

export interface WebRoute {
  readonly pattern: RegExp;
  readonly handle: (request: WebRequest) => Promise<WebReply> | WebReply;
}

export interface WebSettings {
  readonly address: string;
  readonly port: number;
}

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
    const { address, port } = this.#settings;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, address, resolve);
    }).catch((error) => {
      throw new GatewayError('unavailable', `web listener on ${address}:${port}`, {
        cause: error,
        hint: 'Is another Tidegate or web server running on this port? Set web.port.',
      });
    });
    return { address, port: (this.#server.address() as { port: number }).port };
  }

  [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    return closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status = 200, type, body } = await this.#reply(request);
    let octets = typeof body === 'string' ? Buffer.from(body) : body;
    const headers: Record<string, string> = { 'content-type': type, 'cache-control': 'no-cache', ...SECURITY_HEADERS };
    if (octets.length >= COMPRESS_FROM_BYTES && /\bgzip\b/.test(String(request.headers['accept-encoding']))) {
      octets = gzipSync(octets, { level: 1 });
      headers['content-encoding'] = 'gzip';
    }
    response.writeHead(status, { ...headers, 'content-length': octets.length });
    response.end(request.method === 'HEAD' ? undefined : octets);
  }

  async #reply(request: IncomingMessage): Promise<WebReply> {
    try {
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        throw new GatewayError('invalid', `method GET expected, ${request.method} found`);
      }
      this.#checkHost(request);
      const url = new URL(request.url ?? '/', 'http://gateway');
      for (const { pattern, handle } of this.#handlers.routes) {
        const match = pattern.exec(url.pathname);
        if (match !== null) return await handle({ path: url.pathname, query: url.searchParams, parts: match.slice(1) });
      }
      const file = this.#handlers.page(url.pathname);
      if (file === null) throw new GatewayError('not_found', `no page ${url.pathname.slice(0, 100)}`);
      const extension = url.pathname === '/' ? 'html' : (url.pathname.split('.').at(-1) ?? '');
      return { type: TYPES[extension] ?? 'application/octet-stream', body: file };
    } catch (error) {
      return this.#failure(error);
    }
  }

  /** A name that leads here by a foreign DNS entry is not ours: that is how a web page of someone else would read this one. */
  #checkHost(request: IncomingMessage): void {
    const host = (request.headers.host ?? '').replace(/:\d+$/, '');
    const own = ['localhost', '127.0.0.1', '[::1]', this.#settings.address, `[${this.#settings.address}]`];
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

export function json(value: unknown, status = 200): WebReply {
  return { status, type: 'application/json', body: JSON.stringify(value) };
}
