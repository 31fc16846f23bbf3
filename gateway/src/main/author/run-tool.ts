/** Runs a compiler: found in the PATH, bounded in time and output, its messages shown as it wrote them. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { GatewayError } from '../../base/errors.ts';

/** A compiler that takes longer hangs: the largest module of ours takes under ten seconds on two cores. */
const TIMEOUT_MS = 120_000;
const OUTPUT_BYTES_MAX = 1 << 20;
/** Lines of a compiler's messages that are shown; the first are those that matter. */
const LINES_SHOWN = 60;
/** Of WebAssembly memory. */
const PAGE_BYTES = 65_536;

export interface ToolCall {
  /** For people: `clang`. */
  readonly name: string;
  readonly path: string;
  readonly args: readonly string[];
  /** Working folder: paths in messages are relative to it. */
  readonly cwd: string;
  /** What to install when a program that it calls itself is not there. */
  readonly packages: string;
}

/**
 * The PATH without folders of npm packages, which npm puts in front: clang runs whatever `wasm-opt` it finds, and one that came with a package
 * does not fit what clang has made.
 */
export function systemPath(path = process.env.PATH ?? ''): string {
  return path
    .split(delimiter)
    .filter((folder) => !folder.endsWith(join('node_modules', '.bin')))
    .join(delimiter);
}

/** Path of an executable in the PATH, or undefined. */
export function findTool(name: string, path = systemPath()): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there or not ours to run: both mean that there is no such program here.
    return false;
  }
}

/**
 * @param timeoutMs after which the tool is killed.
 * @returns what it wrote although it succeeded: warnings, or nothing.
 * @throws GatewayError `invalid` with its messages when it fails, `exhausted` when it does not end, `unavailable` when it cannot be run.
 */
export function runTool({ name, path, args, cwd, packages }: ToolCall, timeoutMs = TIMEOUT_MS): string {
  const result = spawnSync(path, args, {
    cwd,
    env: { ...process.env, PATH: systemPath() },
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: OUTPUT_BYTES_MAX,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const code = (result.error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ETIMEDOUT') {
    throw new GatewayError('exhausted', `${name}: an end within ${timeoutMs} ms expected, none found`, {
      hint: 'The compiler was killed. Is the machine out of memory, or does a macro or template expand for ever?',
    });
  }
  if (result.error !== undefined && code !== 'ENOBUFS')
    throw new GatewayError('unavailable', `${name}: cannot run ${path}`, { cause: result.error });
  const said = shorten(`${result.stdout ?? ''}${result.stderr ?? ''}`.trim());
  if (result.status !== 0) {
    const how = result.status === null ? `killed by ${result.signal}` : `exit code ${result.status}`;
    const lacksTool = /\b(linker|command|program)\b.*not found/.test(said);
    throw new GatewayError(lacksTool ? 'unavailable' : 'invalid', `${name}: ${how}\n${said}`, {
      hint: lacksTool
        ? `The compiler lacks a program of its own: ${packages}.`
        : (memoryHint(said) ?? 'The messages above are the compiler’s: mend the source and build again.'),
    });
  }
  return said;
}

/** Linkers speak of memory in octets, AssemblyScript in pages; what the author can change is a limit of the manifest. */
export function memoryHint(said: string): string | undefined {
  const octets = /memory too small, (\d+) bytes needed/.exec(said)?.[1];
  const pages =
    octets === undefined ? /at least '(\d+)' pages/.exec(said)?.[1] : Math.ceil(Number(octets) / PAGE_BYTES);
  if (pages === undefined) return undefined;
  return `Its static data and stack need ${pages} pages of 64 KiB: raise limits.memoryPages in manifest.json, or keep less.`;
}

function shorten(text: string): string {
  const lines = text.split('\n');
  if (lines.length <= LINES_SHOWN) return text;
  return [...lines.slice(0, LINES_SHOWN), `(${lines.length - LINES_SHOWN} more lines)`].join('\n');
}
