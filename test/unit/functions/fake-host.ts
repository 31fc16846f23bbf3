/** Instances that the test plays: each call waits until the test says how it ends. */
import {
  CallError,
  type CallResult,
  type FunctionInstance,
  type InstanceHost,
} from '../../../gateway/src/core/functions/ports.ts';

export interface PendingCall {
  readonly instance: PlayedInstance;
  readonly event: string;
  succeed(): void;
  fail(error: CallError): void;
  refuse(errno: number): void;
}

export class PlayedInstance implements FunctionInstance {
  readonly number: number;
  readonly #host: PlayedHost;
  isReady = true;
  isAlive = true;
  isClosed = false;

  constructor(number: number, host: PlayedHost) {
    this.number = number;
    this.#host = host;
  }

  call(event: Uint8Array): Promise<CallResult> {
    if (!this.isAlive) return Promise.reject(new CallError('lost', 'gone'));
    return new Promise((resolve, reject) => {
      const done = (act: () => void) => {
        this.#host.calls.splice(this.#host.calls.indexOf(call), 1);
        act();
      };
      const call: PendingCall = {
        instance: this,
        event: Buffer.from(event).toString(),
        succeed: () => done(() => resolve({ errno: 0, reply: null })),
        refuse: (errno) => done(() => resolve({ errno, reply: null })),
        fail: (error) => done(() => reject(error)),
      };
      this.#host.calls.push(call);
    });
  }

  close(): void {
    this.isClosed = true;
  }
}

export class PlayedHost implements InstanceHost {
  readonly calls: PendingCall[] = [];
  readonly instances: PlayedInstance[] = [];
  /** In place of the next instance. */
  failure: CallError | null = null;
  /** Held back until the test resolves it. */
  gate: Promise<void> = Promise.resolve();

  get open(): number {
    return this.instances.filter(({ isClosed }) => !isClosed).length;
  }

  async start(): Promise<FunctionInstance> {
    await this.gate;
    if (this.failure !== null) throw this.failure;
    const instance = new PlayedInstance(this.instances.length + 1, this);
    this.instances.push(instance);
    return instance;
  }

  /** The call of this event. */
  callOf(event: string): PendingCall {
    const call = this.calls.find((one) => one.event === event);
    if (call === undefined) throw new Error(`no call of ${event} among ${this.calls.map((one) => one.event)}`);
    return call;
  }
}
