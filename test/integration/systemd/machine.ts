/**
 * A machine with systemd as its first process, in namespaces of this one: its own processes, mounts, cgroups and journal, the network of this machine.
 * What is tested is Debian's own systemd and the unit as it is shipped, sandbox and all.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../support/eventually.ts';
import { skipWithout } from '../../support/require.ts';
import { type ProgramResult, runProgram } from '../../support/run-program.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const SYSTEMD = '/lib/systemd/systemd';
const SCRIPT = fileURLToPath(new URL('boot-machine.sh', import.meta.url));
const CGROUPS = '/sys/fs/cgroup';
const RUN_TIMEOUT_MS = 60_000;

/** Of this machine: systemd in a namespace has to find the same. */
const HIERARCHY = existsSync(join(CGROUPS, 'cgroup.procs')) ? 'unified' : 'hybrid';

/** For the `skip` of a test: why no machine can be booted here, or false. */
export function skipWithoutMachine(): string | false {
  if (process.getuid?.() !== 0) return 'making namespaces and mounts needs root';
  const missing = skipWithout('unshare', 'nsenter', 'systemctl', 'systemd-sysusers');
  if (missing) return missing;
  if (!existsSync(SYSTEMD)) return `not installed: ${SYSTEMD}`;
  if (HIERARCHY === 'hybrid' && !existsSync(join(CGROUPS, 'systemd', 'cgroup.procs')))
    return 'no cgroups of systemd here';
  try {
    execFileSync('unshare', ['--pid', '--fork', '--mount', '--cgroup', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], {
      stdio: 'ignore',
    });
    return false;
  } catch {
    return 'this machine does not allow mounts in a namespace';
  }
}

export class Machine implements AsyncDisposable {
  readonly #folder = temporaryFolder();
  readonly #groups: readonly string[];
  readonly #unshare: ChildProcess;
  #said = '';
  /** Of systemd, as this machine counts. */
  #pid = 0;

  private constructor() {
    const hierarchies = HIERARCHY === 'unified' ? [CGROUPS] : [join(CGROUPS, 'systemd'), join(CGROUPS, 'unified')];
    this.#groups = hierarchies.map((path) => join(path, `tidegate-test-${process.pid}`));
    for (const group of this.#groups) mkdirSync(group, { recursive: true });
    const join_ = this.#groups.map((group) => `echo $$ > ${group}/cgroup.procs`).join(' && ');
    const root = join(this.#folder.path, 'root');
    mkdirSync(root);
    const start = `${join_} && exec unshare --pid --fork --mount --cgroup --ipc --uts --kill-child sh ${SCRIPT} ${root} ${HIERARCHY}`;
    this.#unshare = spawn('sh', ['-c', start], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#unshare.stdout!, this.#unshare.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.#said += text));
    }
  }

  /** Resolves when systemd answers. @throws Error with what it said when it does not. */
  static async boot(): Promise<Machine> {
    const machine = new Machine();
    try {
      await eventually('systemd to answer', () => machine.#isUp(), 20_000);
      return machine;
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw new Error(`no machine: ${machine.#said}`, { cause: error });
    }
  }

  /** Runs a program in it as root, or another user. */
  run(words: readonly string[], user?: string): Promise<ProgramResult> {
    const as = user === undefined ? [] : ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups'];
    const enter = ['--target', String(this.#pid), '--mount', '--pid', '--cgroup', '--ipc', '--uts'];
    const env = ['env', '-i', 'PATH=/usr/local/bin:/usr/sbin:/usr/bin', 'HOME=/var/lib/tidegate'];
    return runProgram('nsenter', [...enter, ...env, ...as, ...words], { timeoutMs: RUN_TIMEOUT_MS });
  }

  /** The same, of a program that has to succeed. @returns its standard output. */
  async expect(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(words);
    if (code !== 0) throw new Error(`${words.join(' ')}: ${code}: ${stdout}${stderr}${await this.journal()}`);
    return stdout;
  }

  /** Properties of the service, as `systemctl show` names them. */
  async service(): Promise<Record<string, string>> {
    const { stdout } = await this.run(['systemctl', 'show', 'tidegate.service']);
    return Object.fromEntries(
      stdout.split('\n').map((line) => [line.split('=')[0]!, line.slice(line.indexOf('=') + 1)]),
    );
  }

  /** A file of its, by its path in it. */
  path(path: string): string {
    return join('/proc', String(this.#pid), 'root', path);
  }

  write(path: string, text: string): void {
    mkdirSync(join(this.path(path), '..'), { recursive: true });
    writeFileSync(this.path(path), text);
  }

  async journal(): Promise<string> {
    const { stdout } = await this.run(['journalctl', '--no-pager', '-o', 'cat', '-n', '60']);
    return stdout;
  }

  async #isUp(): Promise<boolean> {
    const children = `/proc/${this.#unshare.pid}/task/${this.#unshare.pid}/children`;
    this.#pid = Number(readFileSync(children, 'utf8').trim().split(' ')[0]);
    if (this.#pid === 0 || !readFileSync(`/proc/${this.#pid}/cmdline`, 'utf8').startsWith(SYSTEMD)) return false;
    const { stdout } = await this.run(['systemctl', 'is-system-running']);
    return /^(running|degraded)/.test(stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#unshare, 'exit');
    if (this.#unshare.exitCode === null && this.#unshare.signalCode === null) {
      // The first process of a namespace takes all others with it.
      this.#unshare.kill('SIGKILL');
      await gone;
    }
    for (const group of this.#groups) await eventually(`${group} to be empty`, () => removeGroup(group));
    this.#folder[Symbol.dispose]();
  }
}

/** With the groups below it: systemd left one for each of its units. */
function removeGroup(group: string): boolean {
  try {
    execFileSync('find', [group, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';'], { stdio: 'ignore' });
  } catch {
    // A process in it is still ending: looked at again.
  }
  try {
    rmdirSync(group);
  } catch {
    return !existsSync(group);
  }
  return true;
}
