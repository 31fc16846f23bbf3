/** Looks into a running program, or makes a thread of it stand still, through Node's own debugger: the program holds nothing that serves tests. */
import { once } from 'node:events';
import { eventually } from './eventually.ts';

interface Answer {
  readonly id?: number;
  readonly method?: string;
  readonly params?: {
    readonly sessionId: string;
    readonly message: string;
    readonly workerInfo: { readonly title: string };
  };
  readonly result?: { readonly result?: { readonly value?: unknown } };
}

/** Computes until the time is over. */
function busy(ms: number): string {
  return `{ const until = Date.now() + ${ms}; while (Date.now() < until); }`;
}

export class Inspector implements Disposable {
  readonly #socket: WebSocket;
  /** Debugging sessions of worker threads, by their titles. */
  readonly #sessions = new Map<string, string>();
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #id = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** @param log standard error of a program that was started with `--inspect=0`, or has been sent SIGUSR1. */
  static async attach(log: string): Promise<Inspector> {
    const socket = new WebSocket(/ws:\/\/\S+/.exec(log)![0]);
    await once(socket, 'open');
    const inspector = new Inspector(socket);
    socket.addEventListener('message', ({ data }) => inspector.#learn(JSON.parse(String(data)) as Answer));
    await inspector.#ask('NodeWorker.enable', { waitForDebuggerOnStart: false });
    return inspector;
  }

  /** Of worker threads: `[worker 1] store`. */
  get workers(): string[] {
    return [...this.#sessions.keys()];
  }

  /** @param worker part of its title; undefined: the main thread. @returns the value of an expression, which JSON can hold. */
  async evaluate(expression: string, worker?: string): Promise<unknown> {
    const parameters = { expression, returnByValue: true };
    const answer =
      worker === undefined
        ? await this.#ask('Runtime.evaluate', parameters)
        : await this.#askWorker(worker, 'Runtime.evaluate', parameters);
    return answer.result?.result?.value;
  }

  /** Begins; nothing waits for its end. */
  block(ms: number, worker?: string): void {
    if (worker === undefined) this.#send('Runtime.evaluate', { expression: busy(ms) });
    else this.#sendToWorker(worker, 'Runtime.evaluate', { expression: busy(ms) });
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  #ask(method: string, params: object): Promise<Answer> {
    return this.#answerTo(this.#send(method, params));
  }

  #askWorker(worker: string, method: string, params: object): Promise<Answer> {
    return this.#answerTo(this.#sendToWorker(worker, method, params));
  }

  async #answerTo(id: number): Promise<Answer> {
    let found: Answer | undefined;
    this.#waiting.set(id, (answer) => (found = answer));
    return await eventually('the debugger to answer', () => found);
  }

  #send(method: string, params: object): number {
    this.#socket.send(JSON.stringify({ id: ++this.#id, method, params }));
    return this.#id;
  }

  #sendToWorker(worker: string, method: string, params: object): number {
    const sessionId = [...this.#sessions].find(([title]) => title.includes(worker))?.[1];
    if (sessionId === undefined) throw new Error(`no worker ${worker} among ${this.workers.join(', ')}`);
    const id = ++this.#id;
    this.#send('NodeWorker.sendMessageToWorker', { sessionId, message: JSON.stringify({ id, method, params }) });
    return id;
  }

  #learn(answer: Answer): void {
    const { id, method, params } = answer;
    if (method === 'NodeWorker.attachedToWorker') this.#sessions.set(params!.workerInfo.title, params!.sessionId);
    if (method === 'NodeWorker.receivedMessageFromWorker') this.#learn(JSON.parse(params!.message) as Answer);
    if (method === 'NodeWorker.detachedFromWorker') {
      for (const [title, session] of this.#sessions) if (session === params!.sessionId) this.#sessions.delete(title);
    }
    if (id === undefined) return;
    this.#waiting.get(id)?.(answer);
    this.#waiting.delete(id);
  }
}
