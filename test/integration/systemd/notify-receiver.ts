/** The other end of NOTIFY_SOCKET: a datagram socket, which Node cannot open, held by a few lines of Python. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { eventually } from '../../support/eventually.ts';
import { findBinary } from '../../support/require.ts';

const SCRIPT = `
import json, socket, sys
name = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("\\0" + name[1:] if name[0] == "@" else name)
print("bound", flush=True)
while True:
    print(json.dumps(s.recv(4096).decode()), flush=True)
`;

export class NotifyReceiver implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly notices: Record<string, string>[] = [];

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** @param address a path, or `@` and a name. */
  static async open(address: string): Promise<NotifyReceiver> {
    const child = spawn(findBinary('python3')!, ['-c', SCRIPT, address], { stdio: ['ignore', 'pipe', 'inherit'] });
    const receiver = new NotifyReceiver(child);
    const lines = createInterface({ input: child.stdout });
    await once(lines, 'line');
    lines.on('line', (line) => {
      const pairs = (JSON.parse(line) as string).split('\n').map((text) => text.split(/=(.*)/s).slice(0, 2));
      receiver.notices.push(Object.fromEntries(pairs) as Record<string, string>);
    });
    return receiver;
  }

  count(key: string): number {
    return this.notices.filter((notice) => key in notice).length;
  }

  /** The last line about how it stands. */
  get status(): string {
    return this.notices.findLast((notice) => 'STATUS' in notice)?.STATUS ?? '';
  }

  /** Waits until the watchdog has been fed so many times more. */
  async fed(times: number): Promise<void> {
    const from = this.count('WATCHDOG');
    await eventually(`${times} feedings`, () => this.count('WATCHDOG') >= from + times, 20_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }
}
