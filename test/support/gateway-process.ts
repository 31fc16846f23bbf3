/** The gateway as its users run it: `tidegate run --json` as a child process, with a configuration and a state folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { StatusDocument } from '../../gateway/src/main/status-report.ts';
import { eventually } from './eventually.ts';
import { type ProgramResult, runProgram } from './run-program.ts';
import { temporaryFolder } from './temporary-folder.ts';

export const CLI = fileURLToPath(new URL('../../gateway/src/main/cli.ts', import.meta.url));

/** Ample for a busy machine: a start takes half a second. */
const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 25_000;

export interface GatewayOptions {
  /** TOML tables after the ones every test has. */
  readonly config?: string;
  /** Lines of `[mqtt.listener]`, besides its port. */
  readonly listener?: string;
  /** Lines of `[modules]`, besides the developer mode of a test with modules of its own. */
  readonly modules?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The program and what comes before its verb; the sources on this Node unless told, or a packaged executable, perhaps in an emulator. */
  readonly program?: readonly string[];
  /** Of a start, a stop and each verb; ample for a busy machine unless told: in an emulator all take longer. */
  readonly timeoutMs?: number;
}

/** One series as `/api/series` tells it. */
export interface SeriesRow {
  readonly id: number;
  readonly device: string;
  readonly point: string;
  readonly unit: string;
  readonly lane: string;
  readonly lastMs: number | null;
  readonly lastValue: number | null;
  /** Points since the start. */
  readonly count: number;
}

interface Started {
  readonly mqtt: string;
  readonly web: string;
}

export class GatewayProcess implements AsyncDisposable {
  readonly #folder = temporaryFolder();
  readonly #options: GatewayOptions;
  #child: ChildProcess | undefined;
  #started: Started = { mqtt: '', web: '' };
  #log = '';

  constructor(options: GatewayOptions = {}) {
    this.#options = options;
    // Modules of a test's own folder are signed by nobody.
    const mode = options.env?.TIDEGATE_MODULES === undefined ? '' : 'developer_mode = true';
    const modules = `[modules]\n${mode}\n${options.modules ?? ''}\n`;
    const ports = `[web]\nport = 0\n[mqtt.listener]\nport = 0\n${options.listener ?? ''}\n`;
    writeFileSync(
      this.configFile,
      `[gateway]\nid = "test"\nstate_dir = ${JSON.stringify(this.stateFolder)}\n${modules}${ports}${options.config ?? ''}`,
    );
  }

  get #program(): readonly string[] {
    return this.#options.program ?? [process.execPath, CLI];
  }

  get configFile(): string {
    return join(this.#folder.path, 'tidegate.toml');
  }

  get stateFolder(): string {
    return join(this.#folder.path, 'state');
  }

  get mqttPort(): number {
    return Number(new URL(this.#started.mqtt).port);
  }

  get web(): string {
    return this.#started.web;
  }

  /** Everything written to standard error since the beginning, over all starts. */
  get log(): string {
    return this.#log;
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves when it listens. @throws Error with its last words when it ends instead. */
  async start(): Promise<this> {
    const [file, ...before] = this.#program;
    const child = spawn(file!, [...before, 'run', '--json', '--config', this.configFile], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.#options.env },
    });
    this.#child = child;
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#log += text));
    const line = new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', resolve);
      child.once('close', (code) => reject(new Error(`the gateway ended with ${code}: ${this.#log}`)));
      const timeoutMs = this.#options.timeoutMs ?? START_TIMEOUT_MS;
      setTimeout(() => reject(new Error(`the gateway did not start: ${this.#log}`)), timeoutMs).unref();
    });
    const said = await line;
    this.#started = JSON.parse(said) as Started;
    if (this.#started.mqtt === undefined) throw new Error(`the gateway did not start: ${said}`);
    // The line comes a moment before the program listens to signals: after an answer it does.
    await fetch(new URL('/healthz', this.web)).then((answer) => answer.body?.cancel());
    return this;
  }

  /** SIGKILL: nothing is flushed. Resolves when it is gone. */
  async kill(): Promise<void> {
    if (!this.isRunning) return;
    const gone = once(this.#child!, 'exit');
    this.#child!.kill('SIGKILL');
    await gone;
  }

  /** SIGTERM. @returns its exit code; null when it had to be killed. */
  async stop(): Promise<number | null> {
    const child = this.#child!;
    if (child.exitCode !== null) return child.exitCode;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), this.#options.timeoutMs ?? STOP_TIMEOUT_MS);
    await gone;
    clearTimeout(timer);
    return child.exitCode;
  }

  /** The answer to a GET of the web listener, parsed. */
  async get<T>(path: string): Promise<T> {
    const response = await fetch(new URL(path, this.web), { signal: AbortSignal.timeout(10_000) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  status(): Promise<StatusDocument> {
    return this.get('/api/status');
  }

  async series(name: string): Promise<SeriesRow | undefined> {
    const all = await this.get<SeriesRow[]>('/api/series');
    return all.find(({ device, point }) => `${device}/${point}` === name);
  }

  /** The series, once it has had so many points since the start. */
  seriesWith(name: string, points: number, timeoutMs?: number): Promise<SeriesRow> {
    const look = async () => {
      const row = await this.series(name);
      return row !== undefined && row.count >= points && row;
    };
    return eventually(`${points} points of ${name}`, look, timeoutMs);
  }

  /** `tidegate VERB...` on this configuration and state folder. */
  cli(words: readonly string[], input?: string): Promise<ProgramResult> {
    const [file, ...before] = this.#program;
    const { timeoutMs, program, env } = this.#options;
    return runProgram(file!, [...before, ...words], {
      ...(input === undefined ? {} : { input }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(program === undefined || env === undefined ? {} : { env }),
    });
  }

  /** Every point in segments, of series that match the glob, oldest segment first. */
  async exported(
    glob = '**',
  ): Promise<{ series: string; timeMs: number; value: number | null; quality: number; lane: string }[]> {
    const { code, stdout, stderr } = await this.cli(['store', 'export', '--config', this.configFile, '--series', glob]);
    if (code !== 0) throw new Error(`store export: ${stderr}`);
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    this.#folder[Symbol.dispose]();
  }
}

/** A gateway that listens; `await using` ends it and removes its folder. */
export function startGateway(options: GatewayOptions = {}): Promise<GatewayProcess> {
  return new GatewayProcess(options).start();
}
