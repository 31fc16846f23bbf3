import { spawn } from 'node:child_process';
import process from 'node:process';

/** Beyond this the oldest output of a child is forgotten: what went wrong stands at the end. */
const OUTPUT_CHARACTERS_MAX = 1_000_000;

/**
 * Runs a program with its output kept instead of shown. It does not outlive us, unless a signal ends us at once.
 * @param {string} file @param {readonly string[]} args
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs?: number}} [options] at `timeoutMs` the child is killed
 * @returns {Promise<{code: number, output: string, isTimedOut: boolean}>} stdout and stderr as they came; code 127 when it could
 *   not be started, 1 when a signal ended it
 */
export function runCaptured(file, args, { cwd = process.cwd(), env = process.env, timeoutMs = Infinity } = {}) {
  return new Promise((resolve) => {
    let output = '';
    let isTimedOut = false;
    const keep = (chunk) => {
      output = (output + chunk).slice(-OUTPUT_CHARACTERS_MAX);
    };
    const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const kill = () => {
      isTimedOut = true;
      child.kill('SIGKILL');
      // Its own children may hold the pipes open: they are not waited for.
      for (const stream of [child.stdout, child.stderr]) stream?.destroy();
    };
    const killWithUs = () => child.kill('SIGKILL');
    process.once('exit', killWithUs);
    const timer = Number.isFinite(timeoutMs) ? setTimeout(kill, timeoutMs) : undefined;
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', keep);
    const finish = (code, text) => {
      clearTimeout(timer);
      process.off('exit', killWithUs);
      resolve({ code, output: text, isTimedOut });
    };
    child.once('error', (error) => finish(127, error.message));
    child.once('close', (code, signal) => finish(code ?? 1, signal ? `${output}\n(${signal})` : output));
  });
}

/** @param {string} text @param {number} lines @returns {string} the last lines that say something (no stack traces), indented */
export function tail(text, lines) {
  const kept = text.split('\n').filter((line) => /[a-z]/i.test(line) && !/^\s*(npm error)?\s+at /.test(line));
  return kept
    .slice(-lines)
    .map((line) => `  ${line}`)
    .join('\n');
}
