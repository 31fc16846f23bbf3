import { describeWithHint, GatewayError } from '../../base/errors.ts';
import { describeFault } from '../../config/fault.ts';
import { loadConfig } from '../config-files.ts';
import { startGateway } from '../gateway.ts';
import { createLog, type Log } from '../service/log.ts';
import { openServiceNotice } from '../service/service-notice.ts';
import { type Command, EXIT, listOf, print, printJson } from './command.ts';
import { configWarnings } from './config-warnings.ts';
import { claimStateFolder } from './state-access.ts';
import { stateOverride } from './state-folder.ts';

/** A drain that takes longer is given up: what is in the journal is safe anyway. */
const STOP_DEADLINE_MS = 20_000;
/** Of a mistake's stack. */
const FRAMES_SHOWN = 6;

export const run: Command = {
  verb: 'run',
  usage: '[--config FILE]... [--state DIR]',
  summary: 'Runs the gateway until SIGTERM or SIGINT, then drains and stops.',
  options: { config: { type: 'string', multiple: true }, state: { type: 'string' } },
  words: [0, 0],
  async run({ options }) {
    const parsed = loadConfig(listOf(options.config), stateOverride(options.state));
    const { config } = parsed;
    claimStateFolder(config.gateway.stateDir);
    const log = createLog(config.log.level as Parameters<typeof createLog>[0]);
    endOnMistakes(log);
    for (const warning of configWarnings(parsed)) log('warn', `configuration: ${describeFault(warning)}`);
    using service = openServiceNotice(config.gateway.stateDir, log);
    // Heard from the beginning: a stop that comes while it starts is a stop.
    const stopped = new Promise((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve);
    });
    const gateway = await startGateway(config, (error) => {
      log('error', `fatal: ${describeWithHint(error)}`);
      process.exit(EXIT.failed);
    });
    service?.running(gateway);
    const started = {
      id: gateway.id,
      mqtt: gateway.mqttAddress,
      web: gateway.webAddress,
      state: config.gateway.stateDir,
    };
    if (options.json) printJson(started);
    else print(`tidegate ${started.id}: MQTT ${started.mqtt}, web ${started.web}, state in ${started.state}`);
    await stopped;
    service?.stopping();
    setTimeout(() => {
      log('error', `not stopped within ${STOP_DEADLINE_MS} ms`);
      process.exit(EXIT.failed);
    }, STOP_DEADLINE_MS).unref();
    await gateway[Symbol.asyncDispose]();
    return EXIT.ok;
  },
};

/** A mistake of the program ends it, as ever; it is told in one line, as an error, instead of in many without a priority. What was to be expected is told without a stack. */
function endOnMistakes(log: Log): void {
  process.on('uncaughtException', (error: unknown) => {
    const isExpected = error instanceof GatewayError;
    log('error', isExpected ? describeWithHint(error) : `internal: ${describeWithHint(error)} ${framesOf(error)}`);
    process.exit(EXIT.failed);
  });
}

/** Where it happened, without the source line that stands before it: of a bundle that is all of it. */
function framesOf(error: unknown): string {
  const lines = error instanceof Error ? (error.stack ?? '').split('\n') : [];
  const frames = lines.filter((line) => /^\s+at /.test(line)).map((line) => line.trim());
  return frames.slice(0, FRAMES_SHOWN).join(' ');
}
