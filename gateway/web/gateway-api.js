/** The doors of the gateway that the page knocks at. Every call has a time limit and rejects with words a technician can use. */

/** @import { SagaTimeline, SeriesPoints, SeriesReport, Status } from './api-types.d.ts' */

/** Longer than a busy gateway needs, shorter than a person's patience. */
const ANSWER_WITHIN_MS = 6000;

/**
 * @template T
 * @param {string} path same origin
 * @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 * @throws Error whose message says what was asked and what came back; `AbortError` passes through when the caller gave up.
 */
async function getJson(path, signal) {
  const limit = AbortSignal.timeout(ANSWER_WITHIN_MS);
  let response;
  try {
    response = await fetch(path, {
      headers: { accept: 'application/json' },
      cache: 'no-store',
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    if (response.ok) return await response.json();
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (limit.aborted) throw new Error(`no answer within ${ANSWER_WITHIN_MS / 1000} seconds`, { cause: error });
    if (response) throw new Error(`the answer to ${path} is not JSON`, { cause: error });
    throw new Error('the connection failed', { cause: error });
  }
  throw new Error(await refusal(path, response));
}

/**
 * The gateway's own words where it sent them, the status code where not.
 * @param {string} path
 * @param {Response} response
 */
async function refusal(path, response) {
  try {
    const { message, hint } = await response.json();
    if (typeof message === 'string') return typeof hint === 'string' ? `${message}. ${hint}` : message;
  } catch {
    // Not JSON: a proxy's page, perhaps. The status code below says what there is to say.
  }
  return `${path} was answered with ${response.status} ${response.statusText}`.trim();
}

/** @param {AbortSignal} [signal] @returns {Promise<Status>} */
export const getStatus = (signal) => getJson('/api/status', signal);

/** @param {AbortSignal} [signal] @returns {Promise<SeriesReport[]>} */
export const getSeries = (signal) => getJson('/api/series', signal);

/**
 * @param {number} id
 * @param {{ fromMs: number, toMs: number, max: number }} range by the gateway's clock; at most `max` buckets
 * @param {AbortSignal} [signal]
 * @returns {Promise<SeriesPoints>}
 */
export const getSeriesPoints = (id, { fromMs, toMs, max }, signal) =>
  getJson(`/api/series/${id}/points?from=${Math.floor(fromMs)}&to=${Math.ceil(toMs)}&max=${max}`, signal);

/** @param {string} id @returns {Promise<SagaTimeline>} */
export const getSagaTimeline = (id) => getJson(`/api/sagas/${encodeURIComponent(id)}`);
