/**
 * A process of its own that feeds a gateway over real MQTT connections, as devices would: the machine's own health each second,
 * and recorded sensor data played back. See docs/reference/sources.md.
 */
import { readdirSync, readFileSync, statfsSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import mqtt, { type MqttClient } from 'mqtt';
import { backoffDelay } from '../base/backoff.ts';
import { describeError, GatewayError } from '../base/errors.ts';
import { seededRandom } from '../base/random.ts';
import { epochMs, millis } from '../base/units.ts';
import { Flight } from '../core/sources/flight.ts';
import { MachineHealth } from '../core/sources/machine-health.ts';
import { parseSourcesOptions, SOURCES_USAGE, type SourcesOptions } from '../core/sources/options.ts';
import { Pacer } from '../core/sources/pacer.ts';
import { Playback } from '../core/sources/playback.ts';
import type { Message, Outlet, SystemFiles } from '../core/sources/ports.ts';
import { parseRecording, type Recording } from '../core/sources/recording.ts';
import { topicLevel } from '../core/sources/topic-level.ts';

const TICK_MS = 10;
/** Messages; the gateway acknowledges some hundred a group commit, so the bound is met only when it is slow. */
const IN_FLIGHT_MAX = 2000;
const STATION_CONNECTIONS = 3;
const RECONNECT = { first: millis(250), max: millis(5000) };
const LANDING_MS = 10_000;
const RECORDING = 'data/seattle-weather-hourly-normals.csv';

/** Connects as one device, or as several that share a connection, and reconnects for ever with a growing, jittered delay. */
function connectDevice(options: SourcesOptions, name: string, password: string | undefined): MqttClient {
  const client = mqtt.connect(options.url, {
    clientId: `${name}-${process.pid}`,
    protocolVersion: 4,
    clean: true,
    queueQoSZero: false,
    reconnectPeriod: RECONNECT.first,
    connectTimeout: 5000,
    ...(options.username === undefined ? {} : { username: options.username }),
    ...(password === undefined ? {} : { password }),
  });
  const random = seededRandom(process.pid + name.length);
  let attempt = 0;
  let lastProblem = '';
  client.on('connect', () => {
    attempt = 0;
    lastProblem = '';
    client.options.reconnectPeriod = RECONNECT.first;
  });
  client.on('close', () => {
    attempt++;
    client.options.reconnectPeriod = backoffDelay(RECONNECT, attempt, random);
  });
  client.on('error', (error) => {
    const problem = problemText(error);
    if (problem !== lastProblem) console.error(`sources: ${name} at ${options.url}: ${problem}; trying again`);
    lastProblem = problem;
  });
  return client;
}

/** A refused connection to a name of two addresses is an AggregateError with an empty message. */
function problemText(error: Error): string {
  return error.message || (error instanceof AggregateError ? error.errors.map(describeError).join(', ') : error.name);
}

function outletOver(machine: MqttClient, stations: readonly MqttClient[]): Outlet {
  const all = [machine, ...stations];
  return {
    get isConnected() {
      return all.every((client) => client.connected);
    },
    publish({ topic, payload, device }: Message, done) {
      const client = device === 0 ? machine : stations[(device - 1) % stations.length]!;
      client.publish(topic, payload, { qos: 1 }, (error) => done(error ?? undefined));
    },
  };
}

const systemFiles: SystemFiles = {
  read: (path) => orUndefined(() => readFileSync(path, 'utf8')),
  list: (path) => orUndefined(() => readdirSync(path)) ?? [],
  diskUsedPercent: () =>
    orUndefined(() => {
      const disk = statfsSync('/');
      const used = disk.blocks - disk.bfree;
      return Math.round((used / (used + disk.bavail)) * 10_000) / 100;
    }),
};

/** What /proc or /sys does not have here is simply not sent. */
function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function loadRecording(): Recording | undefined {
  try {
    const path = fileURLToPath(new URL(`../${RECORDING}`, import.meta.resolve('vega-datasets')));
    return parseRecording(readFileSync(path, 'utf8'), path);
  } catch (error) {
    console.error(`sources: no recorded data (${describeError(error)}); the machine's health alone`);
    return undefined;
  }
}

/** Once, retained, and not a reading: what machine this is. `systeminformation` starts programs to find out, so it is never polled. */
async function publishInventory(client: MqttClient, host: string): Promise<void> {
  try {
    const { default: si } = await import('systeminformation');
    const [system, os, cpu] = await Promise.all([si.system(), si.osInfo(), si.cpu()]);
    const inventory = {
      model: `${system.manufacturer} ${system.model}`.trim(),
      os: `${os.distro} ${os.release}`.trim(),
      kernel: os.kernel,
      architecture: os.arch,
      processor: `${cpu.manufacturer} ${cpu.brand}`.trim(),
      cores: cpu.cores,
    };
    console.error(`sources: ${host}: ${inventory.model}, ${inventory.os}, kernel ${inventory.kernel}`);
    await client.publishAsync(`devices/${host}/inventory`, JSON.stringify(inventory), { qos: 1, retain: true });
  } catch (error) {
    console.error(`sources: inventory not published: ${describeError(error)}`); // nothing waits for it
  }
}

function startHealth(flight: Flight, host: string, onSkipped: (points: number) => void): NodeJS.Timeout {
  const health = new MachineHealth(systemFiles);
  health.sample(millis(performance.now()));
  return setInterval(() => {
    const time = Date.now();
    for (const [point, value] of health.sample(millis(performance.now()))) {
      const payload = `{"value":${value},"time":${time}}`;
      if (!flight.publish({ topic: `sensors/${host}/${point}`, payload, points: 1, device: 0 })) onSkipped(1);
    }
  }, 1000);
}

function startPlayback(flight: Flight, playback: Playback, pacer: Pacer): NodeJS.Timeout {
  let lastMs = performance.now();
  return setInterval(() => {
    const nowMs = performance.now();
    pacer.advance(millis(nowMs - lastMs), flight.isConnected);
    lastMs = nowMs;
    while (flight.hasRoom && pacer.take(playback.pointsPerMessage)) flight.publish(playback.next(epochMs(Date.now())));
  }, TICK_MS);
}

async function run(options: SourcesOptions): Promise<void> {
  const host = topicLevel(hostname());
  const password = options.passwordFile && readFileSync(options.passwordFile, 'utf8').split('\n')[0];
  const recording = options.rate > 0 ? loadRecording() : undefined;
  const machine = connectDevice(options, `${host}-health`, password);
  const stations = Array.from({ length: recording ? STATION_CONNECTIONS : 0 }, (_, i) =>
    connectDevice(options, `seattle-${i + 1}`, password),
  );
  const flight = new Flight(outletOver(machine, stations), IN_FLIGHT_MAX);
  machine.once('connect', () => void publishInventory(machine, host));

  let healthSkipped = 0;
  const timers = [startHealth(flight, host, (points) => (healthSkipped += points))];
  let pacer: Pacer | undefined;
  if (recording) {
    const playback = new Playback(recording, options.rate);
    pacer = new Pacer(options.rate, playback.pointsPerMessage);
    timers.push(startPlayback(flight, playback, pacer));
  }
  const counts = () => ({ ...flight.counts, skipped: healthSkipped + (pacer?.skipped ?? 0) });
  const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
  process.stdout.on('error', () => process.exit(1)); // whoever read our progress has gone
  if (options.jsonProgress) timers.push(setInterval(() => print({ ...counts(), connected: flight.isConnected }), 1000));

  await new Promise((resolve) => process.once('SIGTERM', resolve).once('SIGINT', resolve));
  for (const timer of timers) clearInterval(timer);
  await Promise.race([flight.landed(), wait(LANDING_MS)]);
  const { sent: published, ...rest } = counts();
  print({ done: true, published, ...rest });
  await Promise.race([Promise.all([machine, ...stations].map((client) => client.endAsync())), wait(1000)]);
}

try {
  const options = parseSourcesOptions(process.argv.slice(2));
  if (options.help) console.log(SOURCES_USAGE);
  else await run(options);
  process.exit(0);
} catch (error) {
  console.error(`sources: ${describeError(error)}`);
  if (error instanceof GatewayError && error.hint) console.error(`  hint: ${error.hint}`);
  process.exit(error instanceof GatewayError && error.code === 'invalid' ? 2 : 1);
}
