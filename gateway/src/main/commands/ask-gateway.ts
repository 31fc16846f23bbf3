/** Requests of commands to the running gateway, over the control socket in its state folder. */
import { request } from 'node:http';
import { describeError, type ErrorCode, errnoOf, GatewayError } from '../../base/errors.ts';
import type { OptionValues } from './command.ts';
import { endedWithoutNotice, notAllowed } from './state-access.ts';
import { pathsFrom } from './state-folder.ts';

const TIMEOUT_MS = 30_000;
const ANSWER_BYTES_MAX = 16 << 20;

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** @returns the answer's JSON. @throws GatewayError as the gateway did; `unavailable` when none runs on this state folder. */
export async function askGateway<T>(
  options: OptionValues,
  method: 'GET' | 'POST',
  path: string,
  body: Uint8Array = new Uint8Array(),
): Promise<T> {
  const paths = pathsFrom(options);
  const { folder, control } = paths;
  const answer = await exchange(control, method, path, body).catch((error) => {
    const errno = errnoOf(error);
    if (errno === 'ECONNREFUSED') throw endedWithoutNotice(paths, `nothing listens at ${control}`);
    if (errno === 'EACCES') throw notAllowed(`state folder ${folder}: its gateway does not answer`, folder);
    if (errno === 'ENOENT') {
      throw new GatewayError('unavailable', `no gateway runs on state folder ${folder}`, {
        hint: 'Name the folder of the one that runs with --state, or its configuration with --config.',
      });
    }
    throw new GatewayError('unavailable', `ask the gateway on state folder ${folder}: ${describeError(error)}`, {
      cause: error,
    });
  });
  const document = JSON.parse(answer.text) as unknown;
  if (answer.status < 400) return document as T;
  const { code, message, hint } = document as { code: ErrorCode; message: string; hint?: string };
  throw new GatewayError(code, message, hint === undefined ? {} : { hint });
}

function exchange(socketPath: string, method: string, path: string, body: Uint8Array): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-length': body.length, host: 'localhost' };
    const sent = request({ socketPath, method, path, headers, timeout: TIMEOUT_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (text.length > ANSWER_BYTES_MAX)
          sent.destroy(new Error(`an answer of at most ${ANSWER_BYTES_MAX} octets expected`));
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 500, text }));
      response.once('error', reject);
    });
    sent.once('timeout', () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    sent.once('error', reject);
    sent.end(body);
  });
}
