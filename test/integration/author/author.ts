import { join } from 'node:path';
import { skipWithout } from '../../support/require.ts';
import { type ProgramResult, runProgram } from '../../support/run-program.ts';

export type Language = 'as' | 'c' | 'rust';

const CLI = join(import.meta.dirname, '../../../gateway/src/main/cli.ts');
/** Compiling on a machine that is busy with other tests. */
const TIMEOUT_MS = 120_000;

/** `tidegate module <args>` */
export function author(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<ProgramResult> {
  return runProgram(process.execPath, [CLI, 'module', ...args], { env, timeoutMs: TIMEOUT_MS });
}

/** The one document that a verb prints with `--json`. */
export async function authorJson(args: readonly string[]): Promise<{ code: number | null; document: unknown }> {
  const { code, stdout, stderr } = await author([...args, '--json']);
  if (stdout === '') throw new Error(`module ${args.join(' ')}: ${stderr}`);
  return { code, document: JSON.parse(stdout) as unknown };
}

/** Why modules of this language cannot be built here, or false. */
export async function skipWithoutCompiler(language: Language): Promise<string | false> {
  if (language === 'c') return skipWithout('clang', 'wasm-ld');
  if (language === 'as') return false; // a development dependency of ours
  const missing = skipWithout('rustc');
  if (missing !== false) return missing;
  const found = await Promise.all(['/usr/bin/rustc', 'rustc'].map(hasTarget));
  return found.some(Boolean) ? false : 'no rustc with the target wasm32-unknown-unknown';
}

async function hasTarget(rustc: string): Promise<boolean> {
  const program = `ls "$(${rustc} --print target-libdir --target wasm32-unknown-unknown)"`;
  const { stdout } = await runProgram('/bin/sh', ['-c', program]);
  return stdout.includes('libcore-');
}

/** Makes a project and builds it. @returns its folder. */
export async function makeProject(
  dir: string,
  name: string,
  language: Language,
  kind: 'stream' | 'function' = 'stream',
): Promise<string> {
  const folder = join(dir, name);
  for (const args of [
    ['new', name, '--lang', language, '--kind', kind, '--dir', dir],
    ['build', folder],
  ]) {
    const { code, stdout, stderr } = await author(args);
    if (code !== 0) throw new Error(`module ${args.join(' ')}: exit code ${code}\n${stdout}${stderr}`);
  }
  return folder;
}
