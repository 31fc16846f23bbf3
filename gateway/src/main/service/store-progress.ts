/** It tries again after half a second; one that has not for so long, ms, has nothing to try any more. */
const QUIET_MS = 2500;

/**
 * Whether the store gets on, told from its counters: one that has nothing to do is well, one that tries again and again without a commit in between
 * is not. The problem it names cannot be asked instead: it stands until the next commit, which on a quiet gateway may be hours away.
 */
export class StoreProgress {
  #commits = 0;
  #retries = 0;
  #failingSinceMs: number | null = null;
  #lastFailureMs = 0;

  /**
   * @param nowMs monotonic @param commits commits since the start @param retries failed tries since the start
   * @returns for how long, ms, it has only failed; 0 while it gets on.
   */
  look(nowMs: number, commits: number, retries: number): number {
    const hasFailed = retries > this.#retries;
    if (commits > this.#commits) this.#failingSinceMs = null;
    else if (hasFailed) this.#failingSinceMs ??= nowMs;
    else if (nowMs - this.#lastFailureMs > QUIET_MS) this.#failingSinceMs = null;
    if (hasFailed) this.#lastFailureMs = nowMs;
    this.#commits = commits;
    this.#retries = retries;
    return this.#failingSinceMs === null ? 0 : nowMs - this.#failingSinceMs;
  }
}
