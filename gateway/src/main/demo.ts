/** `npm start`: the gateway with embedded defaults, real input from a process of its own, and, where there is a nats-server, the cloud's side too. */
import * as fs from 'node:fs';
import { join, resolve } from 'node:path';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { describeError, GatewayError } from '../base/errors.ts';
import { parseDuration } from '../base/units.ts';
import { parseConfig } from '../config/parse-config.ts';
import { assets } from './assets.ts';
import { type ChildProgram, startProgram } from './demo/child-program.ts';
import { type DemoCloud, startCloud } from './demo/cloud.ts';
import { freePort } from './demo/free-port.ts';
import { finalReport, printReport } from './demo/report.ts';
import { StatusLine } from './demo/status-line.ts';
import { type Gateway, startGateway } from './gateway.ts';

const HELP = `npm start -- [--for 30s] [--rate N] [--json] [--state DIR] [--no-cloud]

  --for SPAN   run so long, then stop the sources, drain, print the ledger; exit 0 only when it balances and, with a sink, all is confirmed
  --rate N     recorded points played back a second (default 200)
  --json       one JSON object as the last line
  --state DIR  where everything is kept (default: state); a second start goes on where the first ended
  --no-cloud   no nats-server and no sink, even where they could run`;

/** How long the cloud may take to confirm what is queued at the end. */
const CONFIRM_WAIT_MS = 60_000;
const SOURCES_WAIT_MS = 15_000;

interface DemoOptions {
  readonly forMs: number | undefined;
  readonly rate: number;
  readonly isJson: boolean;
  readonly state: string;
  readonly withCloud: boolean;
}

function parseOrExplain<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    const text = error instanceof Error ? error.message.split('. ')[0] : String(error);
    throw new GatewayError('invalid', `npm start: ${text}`, { hint: 'See: npm start -- --help' });
  }
}

function parseOptions(args: string[]): DemoOptions | null {
  const { values } = parseOrExplain({
    args,
    options: {
      for: { type: 'string' },
      rate: { type: 'string', default: '200' },
      json: { type: 'boolean', default: false },
      state: { type: 'string', default: join(assets.root, 'state') },
      'no-cloud': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const forMs = values.for === undefined ? undefined : parseDuration(values.for);
  if (values.for !== undefined && forMs === undefined)
    throw new GatewayError('invalid', `--for: a span such as 30s or 5m expected, ${values.for} found`);
  const rate = Number(values.rate);
  if (!(rate >= 0 && rate <= 10_000_000))
    throw new GatewayError('invalid', `--rate: points a second expected, ${values.rate} found`);
  return { forMs, rate, isJson: values.json, state: resolve(values.state), withCloud: !values['no-cloud'] };
}

async function main(): Promise<number> {
  process.umask(0o027);
  const options = parseOptions(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(`${HELP}\n`);
    return 0;
  }
  const ended = untilEnd(options.forMs);
  await using parts = new AsyncDisposableStack();
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const cloud = options.withCloud ? await startCloud(options.state, say) : null;
  if (cloud !== null) parts.use(cloud);
  const gateway = parts.use(await startDemoGateway(options, cloud));
  const sources = parts.use(startSources(gateway, options));
  say(`Tidegate ${assets.version} runs as ${gateway.id}`);
  say(`  page      ${gateway.webAddress}`);
  say(
    `  MQTT      ${gateway.mqttAddress}   (try: mosquitto_pub -p ${new URL(gateway.mqttAddress).port} -t sensors/me/level -m 42)`,
  );
  say(
    cloud === null
      ? '  cloud     none: points wait in the store'
      : `  cloud     ${cloud.server} with a sink into ${cloud.database}`,
  );
  say(`  state     ${options.state}`);
  {
    using line = new StatusLine(gateway, cloud !== null);
    line.start();
    await ended;
  }
  say('Stopping the sources and draining...');
  await sources.stop(SOURCES_WAIT_MS);
  await gateway.drain();
  const isConfirmed = cloud === null || (await gateway.awaitConfirmed(AbortSignal.timeout(CONFIRM_WAIT_MS)));
  const report = await finalReport(gateway, cloud);
  printReport(report, options.isJson);
  return report.balanced && isConfirmed && (report.sinkDuplicates ?? 0) === 0 ? 0 : 1;
}

/** Resolves at Ctrl-C, SIGTERM, or after the span. A second Ctrl-C ends at once. */
function untilEnd(forMs: number | undefined): Promise<void> {
  return new Promise((resolve) => {
    let isAsked = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (isAsked) process.exit(130);
        isAsked = true;
        resolve();
      });
    }
    if (forMs !== undefined) setTimeout(resolve, forMs);
  });
}

/** Embedded defaults; ports move aside when they are taken. */
async function startDemoGateway(options: DemoOptions, cloud: DemoCloud | null): Promise<Gateway> {
  const [mqttPort, webPort] = await Promise.all([freePort(1883), freePort(8080)]);
  const text = [
    `[gateway]\nstate_dir = ${JSON.stringify(join(options.state, 'gateway'))}`,
    `[mqtt.listener]\nport = ${mqttPort}`,
    `[web]\nport = ${webPort}`,
    cloud === null
      ? ''
      : `[sync]\nservers = [${JSON.stringify(cloud.server)}]\nuser = ${JSON.stringify(cloud.user)}\npassword_file = ${JSON.stringify(cloud.passwordFile)}`,
    '[log]\nlevel = "warn"',
  ].join('\n');
  fs.mkdirSync(options.state, { recursive: true });
  const { config } = parseConfig([{ origin: 'npm start', text }]);
  return await startGateway(config, (error) => {
    process.stderr.write(`fatal: ${describeError(error)}\n`);
    process.exit(1);
  });
}

function startSources(gateway: Gateway, { rate }: DemoOptions): ChildProgram {
  return startProgram('sources', ['gateway/src/main/sources.ts', '--url', gateway.mqttAddress, '--rate', String(rate)]);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const hint = error instanceof GatewayError && error.hint !== undefined ? `\n  ${error.hint}` : '';
    process.stderr.write(
      `tidegate: ${error instanceof GatewayError ? describeError(error) : (error as Error).stack}${hint}\n`,
    );
    process.exit(error instanceof GatewayError && error.code === 'invalid' ? 2 : 1);
  },
);
