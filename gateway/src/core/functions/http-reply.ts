/** What an HTTP caller is told of a call. */
import type { CallError, CallResult } from './ports.ts';

export interface HttpReply {
  readonly status: number;
  readonly type: string;
  readonly body: Uint8Array | string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Octets that a reply may have. */
export const REPLY_BYTES_MAX = 1 << 20;
const RETRY_AFTER_SECONDS = 1;
const EAGAIN = -11;
/** A function must not speak for the gateway's own page: what it sends runs nothing there. */
const SANDBOX = { 'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'" };

export function replyTo(result: CallResult): HttpReply {
  if (result.errno === EAGAIN) return busy('the function asks to be called later');
  if (result.errno < 0) return failure(502, `error ${result.errno} from the function`);
  if (result.reply === null) return { status: 204, type: 'text/plain; charset=utf-8', body: '', headers: SANDBOX };
  const { attributes, data } = result.reply;
  const status = attributes.status === undefined ? 200 : Number(attributes.status);
  if (!(Number.isInteger(status) && status >= 200 && status <= 599)) {
    return failure(502, `status 200 to 599 expected from the function, ${attributes.status?.slice(0, 20)} found`);
  }
  if (data.length > REPLY_BYTES_MAX) {
    return failure(502, `a reply of at most ${REPLY_BYTES_MAX} octets expected, ${data.length} found`);
  }
  return { status, type: contentType(attributes.datacontenttype), body: data, headers: SANDBOX };
}

export function replyToFailure(error: CallError): HttpReply {
  if (error.fault === 'deadline') return failure(504, error.message);
  if (error.fault === 'too_large') return failure(413, error.message);
  if (error.fault === 'lost') return busy(error.message);
  return failure(502, error.message);
}

/** As many calls run as may. */
export function busy(message: string): HttpReply {
  const reply = failure(503, message);
  return { ...reply, headers: { 'retry-after': String(RETRY_AFTER_SECONDS) } };
}

export function timedOut(ms: number): HttpReply {
  return failure(504, `an answer within ${ms} ms expected, none found`);
}

function failure(status: number, message: string): HttpReply {
  return { status, type: 'application/json', body: JSON.stringify({ code: 'unavailable', message }) };
}

/** A header's value that is one line of visible ASCII; anything else is octets. */
function contentType(given: string | undefined): string {
  return given !== undefined && /^[\x20-\x7e]{1,200}$/.test(given) ? given : 'application/octet-stream';
}
