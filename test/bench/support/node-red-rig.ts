/** Node-RED as its own process with mosquitto as its broker, both on loopback. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { Mosquitto } from '../../support/mosquitto.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { killWithUs, startChild } from './child.ts';
import { averagingFlow, type FlowCounts } from './node-red-flow.ts';

const START_WAIT_MS = 60_000;
const ANSWER_WAIT_MS = 5000;
/** The broker keeps everything that the flow has not taken, in memory: nothing is dropped, what lags shows. */
const BROKER_LINES = 'max_queued_messages 0\nmax_inflight_messages 0\nset_tcp_nodelay true';

export interface NodeRedRig extends AsyncDisposable {
  readonly mqttPort: number;
  /** @param forget the ages begin anew. */
  counts(forget?: boolean): Promise<FlowCounts>;
}

/** @param packageFolder of node-red. */
export async function startNodeRedRig(packageFolder: string): Promise<NodeRedRig> {
  await using parts = new AsyncDisposableStack();
  const broker = parts.use(await Mosquitto.start(BROKER_LINES));
  parts.defer(killWithUs(() => broker.stop()));
  const folder = parts.use(temporaryFolder());
  const port = await freePort();
  writeFileSync(join(folder.path, 'flows.json'), JSON.stringify(averagingFlow(broker.port)));
  writeFileSync(join(folder.path, 'settings.cjs'), settings(folder.path, port));
  const args = [join(packageFolder, 'red.js'), '--settings', join(folder.path, 'settings.cjs')];
  parts.use(startChild(process.execPath, args, folder.path));
  const counts = async (forget = false) => {
    const signal = AbortSignal.timeout(ANSWER_WAIT_MS);
    const reply = await fetch(`http://127.0.0.1:${port}/counts${forget ? '?forget' : ''}`, { signal });
    if (!reply.ok) throw new Error(`GET /counts of Node-RED: 200 expected, ${reply.status} found`);
    return (await reply.json()) as FlowCounts;
  };
  await eventually('Node-RED to answer', () => counts(), START_WAIT_MS);
  const running = parts.move();
  return { mqttPort: broker.port, counts, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** No editor, nothing of its own towards the network. */
function settings(userDir: string, port: number): string {
  return `module.exports = ${JSON.stringify({
    userDir,
    flowFile: 'flows.json',
    uiHost: '127.0.0.1',
    uiPort: port,
    httpAdminRoot: false,
    credentialSecret: false,
    telemetry: { enabled: false },
    externalModules: { autoInstall: false, palette: { allowInstall: false }, modules: { allowInstall: false } },
    logging: { console: { level: 'error', metrics: false, audit: false } },
  })};\n`;
}
