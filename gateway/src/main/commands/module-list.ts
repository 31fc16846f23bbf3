/** What runs on a gateway, and all that is known of it. */
import { GatewayError } from '../../base/errors.ts';
import { formatBytes } from '../../base/units.ts';
import type { StatusDocument } from '../status-report.ts';
import { askGateway } from './ask-gateway.ts';
import { type Command, EXIT, type OptionValues, print, printJson, table } from './command.ts';
import { STATE_OPTIONS } from './state-folder.ts';

export const moduleList: Command = {
  verb: 'module list',
  usage: '[--state DIR]',
  summary: 'Every module of the running gateway: version, state, who signed it, what it does.',
  options: STATE_OPTIONS,
  words: [0, 0],
  async run({ options }) {
    const modules = await modulesOf(options);
    if (options.json) printJson(modules);
    else {
      const rows = modules.map((m) => [
        ...[
          m.name,
          m.module,
          m.version,
          m.state,
          m.publisher ?? (m.trust === '' ? '' : 'nobody'),
          m.calls,
          m.rowsIn,
          m.rowsOut,
        ],
        ...[
          m.traps,
          m.callP99Ms === null ? '' : `${m.callP99Ms.toFixed(2)} ms`,
          formatBytes(m.memoryBytes),
          m.error ?? '',
        ],
      ]);
      const head = [
        'name',
        'module',
        'version',
        'state',
        'signed by',
        'calls',
        'rows in',
        'rows out',
        'traps',
        'p99',
        'memory',
        'error',
      ];
      print(table(head, rows));
    }
    return EXIT.ok;
  },
};

export const moduleShow: Command = {
  verb: 'module show',
  usage: 'NAME [--state DIR]',
  summary: 'All that is known of one module of the running gateway.',
  options: STATE_OPTIONS,
  words: [1, 1],
  async run({ options, words: [name] }) {
    const module = (await modulesOf(options)).find((one) => one.name === name);
    if (module === undefined) {
      throw new GatewayError('not_found', `module ${name}: nothing runs under this name`, {
        hint: 'See `tidegate module list`.',
      });
    }
    if (options.json) printJson(module);
    else print(table([module.name, ''], factsOf(module)));
    return EXIT.ok;
  },
};

function factsOf(module: StatusDocument['modules'][number]): (string | number)[][] {
  const { dropped, gauges, canary } = module;
  const perCall = module.calls === 0 ? 0 : Math.round(module.fuel / module.calls);
  return [
    ['module', `${module.module} ${module.version}`],
    ['state', module.state],
    ['error', module.error ?? 'none'],
    ['signed by', module.publisher ?? 'nobody'],
    ['trust', `${module.trust}, from ${module.from}`],
    ['previous version', module.previous ?? 'none'],
    ...module.inputs.map(({ series, config }) => ['reads', `${series}  ${settingsText(config)}`]),
    ['calls', module.calls.toLocaleString('en-US')],
    ['rows in, out', `${module.rowsIn.toLocaleString('en-US')}, ${module.rowsOut.toLocaleString('en-US')}`],
    ['left out for fuel', `${module.throttledRows.toLocaleString('en-US')} rows`],
    ['fuel', `${module.fuel.toLocaleString('en-US')}, ${perCall.toLocaleString('en-US')} a call`],
    ['call p50, p99', `${(module.callP50Ms ?? 0).toFixed(3)} ms, ${(module.callP99Ms ?? 0).toFixed(3)} ms`],
    ['traps, restarts', `${module.traps}, ${module.restarts}`],
    ['refused batches', module.refusals],
    ['memory', formatBytes(module.memoryBytes)],
    ['dropped', `${dropped.logLines} log lines, ${dropped.metrics} metrics, ${dropped.emits} events`],
    ...Object.entries(gauges).map(([name, value]) => [`gauge ${name}`, String(value)]),
    ...(canary === null
      ? []
      : [['canary', `${canary.version}: ${canary.rowsDiffering} of ${canary.rowsLive} rows differ`]]),
  ];
}

function settingsText(config: Readonly<Record<string, number>>): string {
  const pairs = Object.entries(config).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? '(defaults)' : pairs.join(' ');
}

async function modulesOf(options: OptionValues): Promise<StatusDocument['modules']> {
  return (await askGateway<StatusDocument>(options, 'GET', '/api/status')).modules;
}
