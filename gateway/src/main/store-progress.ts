/**
 * Whether the store gets on, told from its counters: one that has nothing to do is well, one that tries again and again without a commit in between
 * is not. The problem it names cannot be asked instead: it stands until the next commit, which on a quiet gateway may be hours away.
 */
export class StoreProgress {
  #commits = 0;
  #retries = 0;
  #failingSinceMs: number | null = null;

  /**
   * @param nowMs monotonic @param commits commits since the start @param retries failed tries since the start
   * @returns for how long, ms, it has only failed; 0 while it gets on. Look more seldom than it tries: it tries again after half a second.
   */
  look(nowMs: number, commits: number, retries: number): number {
    const isFailing = retries > this.#retries && commits === this.#commits;
    this.#commits = commits;
    this.#retries = retries;
    if (isFailing) this.#failingSinceMs ??= nowMs;
    else this.#failingSinceMs = null;
    return this.#failingSinceMs === null ? 0 : nowMs - this.#failingSinceMs;
  }
}
