/** A gateway under its rated load, with modules that are replaced while they run, a function, and a cloud where there is a nats-server. */
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { StatusDocument } from '../../../gateway/src/main/status-report.ts';
import { CLI, GatewayProcess } from '../../support/gateway-process.ts';
import { LoadClient } from '../../support/load-client.ts';
import { NatsServer } from '../../support/nats-server.ts';
import { serviceEnvironment } from '../../support/service-unit.ts';
import { ModuleWorkshop } from '../../support/signed-module.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { killWithUs, startChild } from './child.ts';
import { ROOT } from './load-run.ts';
import { Replacements } from './soak-replacements.ts';
import { type SoakSample, takeSample } from './soak-sample.ts';

export interface SoakOptions {
  readonly seconds: number;
  /** Messages of one reading, a second; messages of twenty come a quarter as often. */
  readonly singlesPerSecond: number;
  readonly sampleMs: number;
  /** From the end of one replacement of a module to the next. */
  readonly replaceMs: number;
  /** A packaged executable; undefined: the sources. */
  readonly executable: string | undefined;
  readonly withCloud: boolean;
}

export interface SoakResult {
  readonly samples: readonly SoakSample[];
  readonly replacements: number;
  readonly functionCalls: number;
  readonly sentPoints: number;
  readonly acknowledgedPoints: number;
  readonly receivedPoints: number;
  readonly balanced: boolean;
  readonly confirmedPoints: number;
  /** Modules that did not run at the end, and the exit code of the gateway if it is not 0. */
  readonly faults: readonly string[];
}

const READINGS = 20;
const SERIES = 100;
/** Long enough for every client to have its last acknowledgement on a busy machine. */
const LANDING_MS = 15_000;
/** Of a verb: an upgrade compares and watches for some seconds of its own. */
const VERB_MS = 60_000;
const CONFIG = `
[store]
segment_age = "10s"
[log]
level = "warn"
[[module]]
name = "limits"
module = "threshold-alarm"
[[module.input]]
series = "**"
config = { high = 1000 }
[[module]]
name = "band"
module = "deadband"
[[module.input]]
series = "single0/*"
config = { band = 5 }
[[module]]
name = "convert"
module = "unit-convert"
[[module.input]]
series = "single1/s0"
[[function]]
name = "echo"
module = "echo-function"
[[function.trigger]]
type = "timer"
every = "500ms"
`;

export async function runSoak(options: SoakOptions, onSample: (sample: SoakSample) => void): Promise<SoakResult> {
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(temporaryFolder());
  const program = options.executable === undefined ? {} : { program: [options.executable] };
  // Every process of the run inherits it: none writes into this user's cache.
  process.env.TIDEGATE_NATIVE_DIR = join(folder.path, 'native');
  const sync = options.withCloud ? await startCloud(parts, options.executable, folder.path) : '';
  const config = `${CONFIG}${sync}`;
  const gateway = parts.use(new GatewayProcess({ ...program, config, env: serviceEnvironment(), timeoutMs: VERB_MS }));
  parts.defer(killWithUs(() => gateway.kill()));
  await gateway.start();
  const replacing = new Replacements(new ModuleWorkshop(folder.path, gateway), options.replaceMs);
  await replacing.install();
  const clients = loadClients(gateway.mqttPort, options.singlesPerSecond);
  await Promise.all(clients.map(({ client }) => client.start()));
  const startMs = performance.now();
  const ended = replacing.run(startMs + options.seconds * 1000);
  const samples: SoakSample[] = [];
  while (performance.now() - startMs < options.seconds * 1000) {
    await wait(options.sampleMs);
    const sample = await takeSample(gateway, startMs);
    samples.push(sample);
    onSample(sample);
  }
  await ended;
  await Promise.all(clients.map(({ client }) => client.stop(LANDING_MS)));
  const status = await gateway.status();
  const code = await gateway.stop();
  const points = (of: (client: LoadClient) => number) =>
    clients.reduce((sum, { client, readings }) => sum + of(client) * readings, 0);
  return {
    samples,
    replacements: replacing.done,
    functionCalls: status.functions.reduce((sum, { calls }) => sum + calls, 0),
    sentPoints: points((client) => client.sent),
    acknowledgedPoints: points((client) => client.acknowledged),
    receivedPoints: status.ledger.lanes.live.received,
    balanced: status.ledger.balanced,
    confirmedPoints: status.ledger.lanes.live.confirmed,
    faults: [
      ...faultsOf(status),
      ...replacing.faults,
      ...(code === 0 ? [] : [`the gateway ended with ${code}: ${gateway.log}`]),
    ],
  };
}

function faultsOf({ modules }: StatusDocument): string[] {
  return modules
    .filter(({ state }) => state !== 'running')
    .map(({ name, state, error }) => `module ${name}: ${state} ${error ?? ''}`);
}

function loadClients(port: number, singlesPerSecond: number) {
  const make = (name: string, readings: number, messagesPerSecond: number) => ({
    readings,
    client: new LoadClient({
      ...{ port, name, series: SERIES, readingsPerMessage: readings, qos: 1, inFlightMax: 4000, firstNumber: 0 },
      ...{ messagesPerSecond, values: 'walk', times: 'even' },
    }),
  });
  return [
    make('single0', 1, singlesPerSecond / 2),
    make('single1', 1, singlesPerSecond / 2),
    make('batch', READINGS, singlesPerSecond / 4),
  ];
}

/** @returns the tables of the configuration that lead there. */
async function startCloud(
  parts: AsyncDisposableStack,
  executable: string | undefined,
  folder: string,
): Promise<string> {
  const nats = parts.use(await NatsServer.start());
  parts.defer(killWithUs(() => nats.kill()));
  const words = ['sink', '--json', '--server', nats.url, '--database', join(folder, 'sink.db')];
  const [file, ...before] = executable === undefined ? [process.execPath, CLI] : [executable];
  const sink = parts.use(startChild(file!, [...before, ...words], ROOT));
  await sink.nextJson();
  return `[sync]\nservers = ["${nats.url}"]\n`;
}
