import { systemClock } from '../../../gateway/src/base/clock.ts';
import { type ListenerSettings, MqttListener } from '../../../gateway/src/adapters/mqtt/listener.ts';
import { FakeIntake } from './fake-intake.ts';

const SETTINGS: ListenerSettings = {
  address: '127.0.0.1',
  port: 0,
  connectionsMax: 100,
  connectTimeoutMs: 5000,
  users: [],
  packetBytesMax: 8192,
  inFlightMax: 100,
  keepAliveMaxMs: 60_000,
  sampleBytes: 64,
  sessionsMax: 20,
  sessionQueueMax: 50,
  subscriptionsMax: 10,
  retainedMax: 20,
};

/** A listener on loopback over a fake pipeline. */
export interface RunningListener extends AsyncDisposable {
  readonly listener: MqttListener;
  readonly intake: FakeIntake;
  readonly port: number;
  readonly notices: string[];
}

export async function startListener(settings: Partial<ListenerSettings> = {}): Promise<RunningListener> {
  const intake = new FakeIntake();
  const notices: string[] = [];
  const listener = new MqttListener({ ...SETTINGS, ...settings }, intake, systemClock, (text) => notices.push(text));
  const { port } = await listener.start();
  return { listener, intake, port, notices, [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose]() };
}
