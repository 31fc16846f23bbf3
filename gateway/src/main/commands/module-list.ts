/** What runs on a gateway, and all that is known of it. */
import { GatewayError } from '../../base/errors.ts';
import { formatBytes } from '../../base/units.ts';
import type { FunctionPackageReport } from '../functions/function-packages.ts';
import type { StatusDocument } from '../status-report.ts';
import { askGateway } from './ask-gateway.ts';
import { type Command, EXIT, type OptionValues, print, printJson, table } from './command.ts';
import { STATE_OPTIONS } from './state-folder.ts';

type StreamModule = StatusDocument['modules'][number];

export const moduleList: Command = {
  verb: 'module list',
  usage: '[--state DIR]',
  summary: 'Every module of the running gateway, those of functions too: version, state, who signed it, what it does.',
  options: STATE_OPTIONS,
  words: [0, 0],
  async run({ options }) {
    const modules = await modulesOf(options);
    const packages = await functionPackagesOf(options);
    if (options.json) printJson([...modules, ...packages]);
    else {
      print(table(HEAD, [...modules.map(rowOf), ...packages.map(packageRowOf)]));
      for (const line of modules.flatMap(unmatchedOf)) print(line);
    }
    return EXIT.ok;
  },
};

const HEAD = [
  ...['name', 'module', 'version', 'state', 'signed by', 'series', 'calls', 'rows in', 'rows out', 'traps', 'p99'],
  ...['memory', 'error'],
];

function rowOf(m: StreamModule): (string | number)[] {
  const p99 = m.callP99Ms === null ? '' : `${m.callP99Ms.toFixed(2)} ms`;
  const series = m.seriesRead.length === 0 ? '' : m.seriesRead.reduce((sum, found) => sum + found, 0);
  const counts = [series, m.calls, m.rowsIn, m.rowsOut, m.traps, p99, formatBytes(m.memoryBytes)];
  return [m.name, m.module, m.version, m.state, signerOf(m), ...counts, m.error ?? ''];
}

/** What they do is seen with `tidegate function list`. */
function packageRowOf(m: FunctionPackageReport): (string | number)[] {
  return [m.name, m.module, m.version, stateOf(m), signerOf(m), '', '', '', '', '', '', '', m.error ?? ''];
}

function unmatchedOf({ name, inputs, seriesRead }: StreamModule): string[] {
  return inputs
    .filter((_, index) => seriesRead[index] === 0)
    .map(({ series }) => `${name}: no series matches ${series} so far`);
}

function signerOf({ publisher, trust }: { readonly publisher: string | null; readonly trust: string }): string {
  return publisher ?? (trust === '' ? '' : 'nobody');
}

function stateOf({ functions }: FunctionPackageReport): string {
  return functions.length === 0 ? 'not used' : `used by ${functions.join(', ')}`;
}

export const moduleShow: Command = {
  verb: 'module show',
  usage: 'NAME [--state DIR]',
  summary: 'All that is known of one module of the running gateway; for functions NAME is the id of their module.',
  options: STATE_OPTIONS,
  words: [1, 1],
  async run({ options, words: [name] }) {
    const module = (await modulesOf(options)).find((one) => one.name === name);
    const ofFunctions = module === undefined ? await functionPackagesOf(options) : [];
    const found = module ?? ofFunctions.find((one) => one.name === name);
    if (found === undefined) {
      throw new GatewayError('not_found', `module ${name}: nothing runs under this name`, {
        hint: 'See `tidegate module list`.',
      });
    }
    if (options.json) printJson(found);
    else print(table([found.name, ''], 'kind' in found ? packageFactsOf(found) : factsOf(found)));
    return EXIT.ok;
  },
};

function packageFactsOf(module: FunctionPackageReport): string[][] {
  return [
    ['module', `${module.module} ${module.version}, a function`],
    ['functions', module.functions.length === 0 ? 'none' : module.functions.join(', ')],
    ...whenceOf(module),
  ];
}

type Whence = Pick<StreamModule, 'error' | 'publisher' | 'trust' | 'from' | 'previous'>;

function whenceOf({ error, publisher, trust, from, previous }: Whence): string[][] {
  return [
    ['error', error ?? 'none'],
    ['signed by', publisher ?? 'nobody'],
    ['trust', `${trust}, from ${from}`],
    ['previous version', previous ?? 'none'],
  ];
}

function factsOf(module: StreamModule): (string | number)[][] {
  const { dropped, gauges, canary } = module;
  const perCall = module.calls === 0 ? 0 : Math.round(module.fuel / module.calls);
  return [
    ['module', `${module.module} ${module.version}`],
    ['state', module.state],
    ...whenceOf(module),
    ...module.inputs.map(({ series, config }, index) => [
      'reads',
      `${series}  ${settingsText(config)}${foundText(module.seriesRead[index])}`,
    ]),
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

function foundText(series: number | undefined): string {
  if (series === undefined) return '';
  return series === 0 ? '  no series so far' : `  ${series} series`;
}

function settingsText(config: Readonly<Record<string, number>>): string {
  const pairs = Object.entries(config).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? '(defaults)' : pairs.join(' ');
}

async function modulesOf(options: OptionValues): Promise<StreamModule[]> {
  return (await askGateway<StatusDocument>(options, 'GET', '/api/status')).modules;
}

/** Modules of functions. */
export function functionPackagesOf(options: OptionValues): Promise<FunctionPackageReport[]> {
  return askGateway<FunctionPackageReport[]>(options, 'GET', '/control/modules/functions');
}
