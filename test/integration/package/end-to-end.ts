/** One run of a packaged executable that touches everything: MQTT in, a module, the store, the cloud and its sink, a stop in order. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { eventually } from '../../support/eventually.ts';
import { startGateway } from '../../support/gateway-process.ts';
import { mosquittoPub } from '../../support/mosquitto.ts';
import { NatsServer } from '../../support/nats-server.ts';
import { runProgram } from '../../support/run-program.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const READINGS = 100;
const VALUES = Array.from({ length: READINGS }, (_, i) => i);

export interface EndToEndOptions {
  /** The executable, and what runs it. */
  readonly program: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Of every single wait. */
  readonly timeoutMs: number;
}

/** @throws AssertionError at the first thing that is not as it should be. */
export async function runEndToEnd({ program, env, timeoutMs }: EndToEndOptions): Promise<void> {
  using folder = temporaryFolder();
  await using nats = await NatsServer.start();
  const database = join(folder.path, 'sink.db');
  await using sink = startSink(program, env, ['--server', nats.url, '--database', database]);
  await using gateway = await startGateway({ program, env, timeoutMs, config: configFor(nats.url) });
  const lines = VALUES.map((value) => `${value}\n`).join('');
  const sent = await mosquittoPub(gateway.mqttPort, ['-q', '1', '-t', 'sensors/plant/temp', '-l'], lines);
  assert.equal(sent.code, 0, sent.stderr);
  await gateway.seriesWith('plant/temp', READINGS, timeoutMs);
  await eventually('the alarm', async () => (await gateway.status()).alarms.length === 1, timeoutMs);
  for (const path of ['/', '/main.js', '/vendor/uPlot.js', '/vendor/uPlot.css']) {
    const answer = await fetch(new URL(path, gateway.web));
    assert.equal(answer.status, 200, path);
    assert.ok((await answer.arrayBuffer()).byteLength > 100, path);
  }
  const isConfirmed = async () => {
    const { live, alarm } = (await gateway.status()).ledger.lanes;
    return live.confirmed === READINGS && alarm.confirmed === 1;
  };
  await eventually('the cloud to confirm all', isConfirmed, timeoutMs);
  assert.equal(await gateway.stop(), 0, gateway.log);
  const exported = await gateway.exported('plant/temp');
  assert.deepEqual(
    exported.map(({ value }) => value),
    VALUES,
  );
  await sink[Symbol.asyncDispose]();
  const [file, ...before] = program;
  const status = await runProgram(file!, [...before, 'sink', 'status', '--database', database, '--json'], {
    env,
    timeoutMs,
  });
  const { unique, duplicates } = JSON.parse(status.stdout) as { unique: number; duplicates: number };
  assert.deepEqual({ unique, duplicates }, { unique: READINGS + 1, duplicates: 0 });
}

function configFor(url: string): string {
  return `
[store]
segment_age = "1s"
[sync]
servers = ["${url}"]
[[module]]
name = "limits"
module = "threshold-alarm"
[[module.input]]
series = "plant/temp"
config = { high = 98.5 }
`;
}

function startSink(program: readonly string[], env: NodeJS.ProcessEnv, args: readonly string[]): AsyncDisposable {
  const [file, ...before] = program;
  const child: ChildProcess = spawn(file!, [...before, 'sink', '--json', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  createInterface({ input: child.stdout! }).on('line', () => undefined);
  return {
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}
