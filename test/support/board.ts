/** The emulated board: QEMU's Cortex-A53, run by one scenario of hw-test/board, seen through its serial console as a test on a desk would see it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { BoardImage } from './board-image.ts';
import { eventually } from './eventually.ts';
import { findBinary } from './require.ts';

const QEMU = 'qemu-system-aarch64';
/** Kept of the console, for the report of a failure. */
const TRANSCRIPT_LINES = 60;
/** What mosquitto_pub -d shows of an acknowledgement; its message identifiers count from one. */
const ACKNOWLEDGED = /received PUBACK \(Mid: (\d+), RC:0\)/;

export interface BoardOptions {
  /** Name of a script below hw-test/board. */
  readonly scenario: string;
  /** Further words of the kernel's command line, such as `board.first=1`. */
  readonly parameters?: string;
}

export class Board implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #scenario: string;
  readonly #said = new Map<string, unknown[]>();
  readonly #transcript: string[] = [];
  /** Largest identifier of a message that the publisher on the board has seen acknowledged. */
  acknowledged = 0;

  private constructor(child: ChildProcess, scenario: string) {
    this.#child = child;
    this.#scenario = scenario;
    createInterface({ input: child.stdout! }).on('line', (line) => this.#line(line.trimEnd()));
    createInterface({ input: child.stderr! }).on('line', (line) => this.#line(`qemu: ${line}`));
  }

  /** Switches a board on. `await using` ends it. */
  static start(image: BoardImage, { scenario, parameters = '' }: BoardOptions): Board {
    const drive = (id: string, file: string, more: string) => `if=none,id=${id},format=raw,file=${file}${more}`;
    const args = [
      ...['-M', 'virt', '-cpu', 'cortex-a53', '-smp', '2', '-m', '512', '-rtc', 'base=utc'],
      ...['-nographic', '-monitor', 'none', '-no-reboot', '-nic', 'none', '-kernel', image.kernel],
      ...['-initrd', image.initrd, '-drive', drive('root', image.root, ',readonly=on')],
      ...['-device', 'virtio-blk-pci,drive=root', '-drive', drive('data', image.data, '')],
      ...['-device', 'sdhci-pci', '-device', 'sd-card,drive=data', '-append'],
      `console=ttyAMA0 quiet loglevel=1 panic=-1 board.scenario=${scenario} ${parameters}`,
    ];
    const child = spawn(findBinary(QEMU)!, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    return new Board(child, scenario);
  }

  /** The last lines of the console. */
  get transcript(): string {
    return this.#transcript.join('\n');
  }

  get isOn(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** What the board said under a name, so far. */
  all<T>(name: string): T[] {
    return (this.#said.get(name) ?? []) as T[];
  }

  /**
   * The first thing that the board says under a name.
   * @throws Error with the console's last lines when the scenario has failed, the board is off, or it does not come in time.
   */
  async says<T>(name: string, timeoutMs: number): Promise<T> {
    await this.waitFor(`"${name}"`, () => this.all(name).length > 0, timeoutMs);
    return this.all<T>(name)[0]!;
  }

  /** Waits for a condition on what the board shows. @throws Error as `says`. */
  async waitFor(what: string, holds: () => boolean, timeoutMs: number): Promise<void> {
    let isOver = false;
    const look = () => {
      isOver = !holds() && (!this.isOn || this.#said.has('failed'));
      return holds() || isOver;
    };
    try {
      await eventually(what, look, timeoutMs);
    } catch (cause) {
      throw new Error(`board ${this.#scenario}: no ${what} within ${timeoutMs} ms:\n${this.transcript}`, { cause });
    }
    if (isOver) throw new Error(`board ${this.#scenario}: it failed or went off before ${what}:\n${this.transcript}`);
  }

  /** Resolves when the scenario has come to its end and the board has switched itself off. */
  async ends(timeoutMs: number): Promise<void> {
    await this.says('end', timeoutMs);
    await eventually('the board to be off', () => !this.isOn, timeoutMs);
  }

  /** Takes the power away: whatever the board had not written to its card is gone. */
  async cutPower(): Promise<void> {
    if (!this.isOn) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cutPower();
  }

  #line(line: string): void {
    const said = /^@board (\S+) (.*)$/.exec(line);
    if (said !== null) this.#add(said[1]!, said[2]!);
    const acknowledged = ACKNOWLEDGED.exec(line)?.[1];
    if (acknowledged !== undefined) this.acknowledged = Math.max(this.acknowledged, Number(acknowledged));
    this.#transcript.push(line.length > 400 ? `${line.slice(0, 400)}…` : line);
    if (this.#transcript.length > TRANSCRIPT_LINES) this.#transcript.shift();
  }

  #add(name: string, text: string): void {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      name = 'failed'; // a scenario that does not speak JSON has a fault
      value = text;
    }
    const earlier = this.#said.get(name);
    if (earlier === undefined) this.#said.set(name, [value]);
    else earlier.push(value);
  }
}
