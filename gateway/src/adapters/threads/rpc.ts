/** Calls from one thread to another over a message port: a name, arguments, a promise of the result. Errors keep code and hint. */
import { GatewayError } from '../../base/errors.ts';

interface Call {
  readonly rpc: number;
  readonly verb: string;
  readonly args: unknown[];
}

interface Answer {
  readonly rpcAnswer: number;
  readonly value?: unknown;
  readonly error?: { readonly message: string; readonly code?: GatewayError['code']; readonly hint?: string };
}

/** A message port, a worker, or the port to a worker's parent. */
interface Port {
  postMessage(message: unknown): void;
  // biome-ignore lint/suspicious/noExplicitAny: what arrives is checked by its shape.
  on(event: 'message', listener: (message: any) => void): unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: verbs of every signature; the proxy type below restores the exact one.
type Verbs = Record<string, (...args: any[]) => unknown>;

/** What the caller sees: every verb asynchronous. */
export type Remote<V> = {
  [K in keyof V]: V[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never;
};

/** Answers calls that arrive at the port. A verb may return a promise; the next call does not wait for it. */
export function serveCalls(port: Port, verbs: Verbs): void {
  port.on('message', async (message: Call) => {
    if (typeof message?.rpc !== 'number') return;
    const answer: { -readonly [K in keyof Answer]: Answer[K] } = { rpcAnswer: message.rpc };
    try {
      const verb = verbs[message.verb];
      if (verb === undefined) throw new GatewayError('invalid', `no verb ${message.verb}`);
      answer.value = await verb(...message.args);
    } catch (error) {
      const { message: text } = error instanceof Error ? error : { message: String(error) };
      answer.error = { message: text, ...(error instanceof GatewayError ? error.toJSON() : {}) };
    }
    port.postMessage(answer);
  });
}

/**
 * A proxy for the verbs served at the other end. Calls wait without bound for a thread that is busy; when it dies, `fail` rejects
 * them all.
 */
export function remoteCalls<V>(port: Port): { remote: Remote<V>; fail: (reason: Error) => void } {
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let last = 0;
  let dead: Error | null = null;
  port.on('message', (message: Answer) => {
    if (typeof message?.rpcAnswer !== 'number') return;
    const call = waiting.get(message.rpcAnswer);
    waiting.delete(message.rpcAnswer);
    if (message.error === undefined) call?.resolve(message.value);
    else call?.reject(revive(message.error));
  });
  const remote = new Proxy({} as Remote<V>, {
    get:
      (_, verb: string) =>
      (...args: unknown[]) =>
        new Promise((resolve, reject) => {
          if (dead !== null) return reject(dead);
          const rpc = ++last;
          waiting.set(rpc, { resolve, reject });
          port.postMessage({ rpc, verb, args } satisfies Call);
        }),
  });
  const fail = (reason: Error) => {
    dead = reason;
    for (const { reject } of waiting.values()) reject(reason);
    waiting.clear();
  };
  return { remote, fail };
}

/** What ended a worker, as the thread that started it gets it: an expected failure arrives with its code and hint, but as a plain Error. */
export function reviveError(thrown: Error): Error {
  if (thrown.name !== 'GatewayError') return thrown;
  const { code, hint } = thrown as GatewayError;
  return new GatewayError(code, thrown.message, { cause: thrown.cause, ...(hint === undefined ? {} : { hint }) });
}

function revive(error: NonNullable<Answer['error']>): Error {
  if (error.code === undefined) return new Error(error.message);
  return new GatewayError(error.code, error.message, error.hint === undefined ? {} : { hint: error.hint });
}
