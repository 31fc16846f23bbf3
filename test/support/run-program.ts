import { spawn } from 'node:child_process';

export interface ProgramResult {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
  /** User and group that it runs as: for root alone. */
  readonly uid?: number;
}

/** Runs a program to its end; whatever its exit code, it resolves. Killed after `timeoutMs`, 20 s unless told. */
export function runProgram(
  path: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const as = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid };
    const env = { ...process.env, ...options.env };
    const child = spawn(path, args, { env, timeout: options.timeoutMs ?? 20_000, ...as });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
    child.stdin.on('error', () => undefined); // it may end without reading all
    child.stdin.end(options.input ?? '');
  });
}
