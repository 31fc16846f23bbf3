import { type ListenerSettings, MqttListener, type Refusal } from '../../../gateway/src/adapters/mqtt/listener.ts';
import { systemClock } from '../../../gateway/src/base/clock.ts';
import type { Intake } from '../../../gateway/src/core/ingest/ports.ts';
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

/** A listener on loopback over a fake pipeline, or over the one given. */
export interface RunningListener extends AsyncDisposable {
  readonly listener: MqttListener;
  readonly intake: FakeIntake;
  readonly port: number;
  readonly notices: string[];
  readonly refusals: Refusal[];
}

export async function startListener(
  settings: Partial<ListenerSettings> = {},
  pipeline?: Intake,
): Promise<RunningListener> {
  const intake = new FakeIntake();
  const notices: string[] = [];
  const refusals: Refusal[] = [];
  const listener = new MqttListener(
    { ...SETTINGS, ...settings },
    pipeline ?? intake,
    systemClock,
    (text) => notices.push(text),
    (refusal) => refusals.push(refusal),
  );
  const { port } = await listener.start();
  return { listener, intake, port, notices, refusals, [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose]() };
}
