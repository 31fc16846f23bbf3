/** The gateway as its own process on a fresh state folder and, where that is asked for, a nats-server and a sink. */
import { join } from 'node:path';
import type { StatusDocument } from '../../../gateway/src/main/status-report.ts';
import { CLI, type GatewayOptions, GatewayProcess } from '../../support/gateway-process.ts';
import { NatsServer } from '../../support/nats-server.ts';
import { findBinary } from '../../support/require.ts';
import { runProgram } from '../../support/run-program.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { killWithUs, startChild } from './child.ts';
import { ROOT } from './load-run.ts';

export const hasNatsServer = findBinary('nats-server') !== undefined;

export interface SinkTotals {
  readonly unique: number;
  readonly duplicates: number;
}

export interface GatewayRig extends AsyncDisposable {
  readonly pid: number;
  readonly mqttPort: number;
  status(): Promise<StatusDocument>;
  /** What the sink holds; null without one. */
  sinkTotals(): Promise<SinkTotals | null>;
}

/** Room for what the cloud cannot take at full rate. Everything else is as a gateway has it by default. */
const DISK_MAX = '[store]\ndisk_max = "8GiB"\n';

/** @param options what this gateway has besides. */
export async function startGatewayRig(withCloud: boolean, options: GatewayOptions = {}): Promise<GatewayRig> {
  await using parts = new AsyncDisposableStack();
  const cloud = withCloud ? parts.use(await startCloud()) : null;
  const sync = cloud === null ? '' : `[sync]\nservers = ["${cloud.url}"]\nstream_bytes_max = "8GiB"\n`;
  const config = `${DISK_MAX}${sync}[log]\nlevel = "warn"\n${options.config ?? ''}`;
  const gateway = parts.use(new GatewayProcess({ ...options, config }));
  parts.defer(killWithUs(() => gateway.kill()));
  await gateway.start();
  const running = parts.move();
  return {
    pid: gateway.pid,
    mqttPort: gateway.mqttPort,
    status: () => gateway.status(),
    sinkTotals: async () => (cloud === null ? null : await cloud.totals()),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

interface Cloud extends AsyncDisposable {
  readonly url: string;
  totals(): Promise<SinkTotals>;
}

async function startCloud(): Promise<Cloud> {
  await using parts = new AsyncDisposableStack();
  const nats = parts.use(await NatsServer.start());
  parts.defer(killWithUs(() => nats.kill()));
  const folder = parts.use(temporaryFolder());
  const database = join(folder.path, 'sink.db');
  const args = [CLI, 'sink', '--server', nats.url, '--database', database, '--stream-bytes', '8GiB', '--json'];
  const sink = parts.use(startChild(process.execPath, args, ROOT));
  await sink.nextJson();
  const running = parts.move();
  return {
    url: nats.url,
    async totals() {
      const { stdout, stderr } = await runProgram(process.execPath, [
        CLI,
        'sink',
        'status',
        '--database',
        database,
        '--json',
      ]);
      if (stdout === '') throw new Error(`sink status: a line of JSON expected, none found: ${stderr}`);
      return JSON.parse(stdout) as SinkTotals;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
