/** `tidegate` as a program on a state folder that a test has prepared. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type StatePaths, statePaths } from '../../../gateway/src/main/state-paths.ts';
import { CLI } from '../../support/gateway-process.ts';
import { runProgram } from '../../support/run-program.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const START_TIMEOUT_MS = 20_000;

export interface StateGateway extends Disposable {
  readonly configFile: string;
  readonly paths: StatePaths;
  /** Runs it until it listens, then ends it. @returns its log. @throws AssertionError that names the moment when it ends by itself. */
  startAndStop(moment: string): Promise<string>;
}

/** The folder itself is not there yet. */
export function stateGateway(): StateGateway {
  const folder = temporaryFolder();
  const configFile = join(folder.path, 'tidegate.toml');
  const paths = statePaths(join(folder.path, 'state'));
  const ports = '[web]\nport = 0\n[mqtt.listener]\nport = 0\n';
  writeFileSync(configFile, `[gateway]\nstate_dir = ${JSON.stringify(paths.folder)}\n${ports}`);
  return {
    configFile,
    paths,
    async startAndStop(moment) {
      const words = [CLI, 'run', '--json', '--config', configFile];
      const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'], timeout: START_TIMEOUT_MS });
      let log = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
      const gone = once(child, 'close');
      const said = await Promise.race([once(child.stdout, 'data').then(String), gone.then(() => 'nothing')]);
      assert.match(said, /"web":/, `${moment}: ${log}`);
      child.kill('SIGTERM');
      await gone;
      return log;
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** As `--json` tells it. */
  readonly error: { readonly code: string; readonly message: string; readonly hint?: string } | undefined;
  /** What `--json` printed. */
  readonly document: unknown;
}

/** One verb with `--json`, without one that would run on: for starts that must fail, and for verbs that end. */
export async function runCommand({ configFile }: StateGateway, words: readonly string[]): Promise<CommandResult> {
  const all = [CLI, ...words, '--json', '--config', configFile];
  const result = await runProgram(process.execPath, all, { timeoutMs: START_TIMEOUT_MS });
  const line = result.stdout.trim().split('\n').at(-1) ?? '';
  const document = line === '' ? undefined : (JSON.parse(line) as { error?: CommandResult['error'] });
  return { ...result, document, error: document?.error };
}
