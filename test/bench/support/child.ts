import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A program that a benchmark runs beside itself, whose output is lines of JSON. */
export interface Child extends AsyncDisposable {
  readonly pid: number;
  /** The next line of its output, parsed. Rejects when it ends before. */
  nextJson<T>(): Promise<T>;
}

/** SIGTERM ends it, SIGKILL when that takes too long. */
const END_WAIT_MS = 15_000;

/** Its stderr is ours; it does not outlive us. */
export function startChild(command: string, args: readonly string[], cwd: string): Child {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  const undo = killWithUs(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    pid: child.pid ?? 0,
    async nextJson<T>() {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${command} ${args.join(' ')}: a line of JSON expected, its end found`);
      return JSON.parse(value) as T;
    },
    async [Symbol.asyncDispose]() {
      undo();
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), END_WAIT_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** When we are ended, what runs for us is ended too. @returns what takes it back. */
export function killWithUs(kill: () => unknown): () => void {
  process.once('exit', kill);
  return () => process.off('exit', kill);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
