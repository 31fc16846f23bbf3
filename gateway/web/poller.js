/**
 * Asks again and again, one question at a time, only while the page is seen. After failures it waits longer, with jitter, so that
 * many pages do not fall upon a gateway that has just come back.
 */

const WAIT_MS_MAX = 15_000;

/**
 * @template T
 * @typedef {object} Polling
 * @property {() => Promise<T>} ask rejects with an Error
 * @property {(answer: T) => void} onAnswer
 * @property {(error: Error, failures: number) => void} onFailure `failures` in a row
 * @property {(answer: T | undefined) => number} everyMs from the end of one answer to the next question
 */

/**
 * @template T
 * @param {Polling<T>} polling
 * @returns {{ askNow(): void }} `askNow` brings the next question forward; harmless while one is under way
 */
export function startPolling({ ask, onAnswer, onFailure, everyMs }) {
  let timer = 0;
  let failures = 0;
  let underWay = false;

  /** @param {number} waitMs */
  const plan = (waitMs) => {
    clearTimeout(timer);
    if (document.visibilityState === 'visible') timer = window.setTimeout(turn, waitMs);
  };

  const turn = async () => {
    if (underWay) return;
    underWay = true;
    const answer = await ask().catch((/** @type {Error} */ error) => error);
    underWay = false;
    if (answer instanceof Error) {
      failures++;
      const ceiling = Math.min(WAIT_MS_MAX, 1000 * 2 ** Math.min(failures - 1, 10));
      plan(Math.max(everyMs(undefined), ceiling / 2 + (Math.random() * ceiling) / 2));
      onFailure(answer, failures);
    } else {
      failures = 0;
      plan(everyMs(answer)); // first, so that a fault in drawing does not end the asking
      onAnswer(answer);
    }
  };

  document.addEventListener('visibilitychange', () => plan(0));
  plan(0);
  return { askNow: () => plan(0) };
}
