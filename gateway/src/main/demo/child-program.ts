import { type ChildProcess, spawn } from 'node:child_process';
import { assets } from '../assets.ts';

/** A process of this demonstration; it dies with it. */
export interface ChildProgram extends AsyncDisposable {
  readonly process: ChildProcess;
  /** SIGTERM, then SIGKILL after the wait. Harmless when it has ended. */
  stop(waitMs: number): Promise<void>;
}

/** Runs one of our own scripts on the same Node. Detached from the terminal's Ctrl-C: the demonstration stops its parts in order. */
export function startProgram(name: string, args: readonly string[]): ChildProgram {
  return superviseChild(
    name,
    spawn(process.execPath, args, { cwd: assets.root, stdio: ['ignore', 'ignore', 'inherit'], detached: true }),
  );
}

export function superviseChild(name: string, child: ChildProcess): ChildProgram {
  let isStopping = false;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      if (!isStopping) process.stderr.write(`${name} has ended by itself (${signal ?? code})\n`);
      resolve();
    });
    child.once('error', (error) => {
      process.stderr.write(`${name}: ${error.message}\n`);
      resolve();
    });
  });
  const killWithParent = () => child.kill('SIGKILL');
  process.once('exit', killWithParent);
  const stop = async (waitMs: number) => {
    if (isStopping) return ended;
    isStopping = true;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), waitMs);
    await ended;
    clearTimeout(timer);
    process.off('exit', killWithParent);
  };
  return { process: child, stop, [Symbol.asyncDispose]: () => stop(5000) };
}
