import { runCaptured, tail } from '../support/captured.mjs';
import { StartFailure } from '../support/failure.mjs';

/** Ample for the slowest step, a compiler under load. */
const STEP_TIMEOUT_MS = 10 * 60_000;

/**
 * Runs one program of the build. @param {readonly string[]} command @param {{cwd?: string, env?: NodeJS.ProcessEnv}} [options]
 * @returns {Promise<string>} what it wrote @throws {StartFailure} with its last words when it fails.
 */
export async function runStep(command, options = {}) {
  const [file, ...args] = command;
  const { code, output, isTimedOut } = await runCaptured(file, args, { timeoutMs: STEP_TIMEOUT_MS, ...options });
  if (code === 0) return output;
  const end = isTimedOut ? `did not end within ${STEP_TIMEOUT_MS / 60_000} min` : `ended with ${code}`;
  const hint = code === 127 ? `Is ${file} installed? As root, \`npm run package\` installs what it needs.` : undefined;
  throw new StartFailure(`${command.slice(0, 4).join(' ')} ${end}:\n${tail(output, 20)}`, hint);
}
