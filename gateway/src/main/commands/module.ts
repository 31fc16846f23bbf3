/** The life of modules on a gateway: what runs, and the changes that the gateway makes as sagas. */
import { readPackage } from '../../adapters/files/module-package.ts';
import { findSaga, readTimeline } from '../../adapters/sqlite/saga-store.ts';
import { GatewayError } from '../../base/errors.ts';
import { formatBytes, parseDuration } from '../../base/units.ts';
import { isFinal } from '../../core/model/saga.ts';
import { parseManifest } from '../../core/modules/manifest.ts';
import type { StatusDocument } from '../status-report.ts';
import { askGateway } from './ask-gateway.ts';
import {
  type Command,
  EXIT,
  listOf,
  type OptionSpecs,
  type OptionValues,
  print,
  printJson,
  table,
  textOf,
} from './command.ts';
import { openState, STATE_OPTIONS } from './state-folder.ts';

/** Options of every verb that starts a saga. */
const SAGA_OPTIONS: OptionSpecs = { ...STATE_OPTIONS, 'no-wait': { type: 'boolean' }, verbose: { type: 'boolean' } };
const LOOK_MS = 100;
/** A canary may take an hour, and its watch another. */
const WAIT_MAX_MS = 2.5 * 3_600_000;

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

export const moduleInstall: Command = {
  verb: 'module install',
  usage: 'DIR --name NAME --input SERIES... [--set KEY=NUMBER]... [--disabled] [--no-wait] [--verbose] [--state DIR]',
  summary:
    'Installs a signed package (a folder with manifest.json, the module, signature.json) and runs it. A function takes no name: its uses stand in the configuration.',
  options: {
    ...SAGA_OPTIONS,
    name: { type: 'string' },
    input: { type: 'string', multiple: true },
    set: { type: 'string', multiple: true },
    disabled: { type: 'boolean' },
  },
  words: [1, 1],
  async run({ options, words: [folder] }) {
    const { id, manifestText } = readPackage(folder!);
    if (parseManifest(manifestText).kind === 'function') return installFunction(options, folder!, id);
    const { name, inputs } = { name: requiredText(options, 'name'), inputs: inputsOf(options) };
    if (inputs === undefined)
      throw new GatewayError('invalid', '--input: a series such as boiler*/temperature expected');
    const digest = await handIn(options, folder!);
    return runSaga(options, 'install', { digest, name, inputs, enabled: options.disabled !== true });
  },
};

async function installFunction(options: OptionValues, folder: string, id: string): Promise<number> {
  if (options.name !== undefined || options.input !== undefined) {
    throw new GatewayError('invalid', `${id} is a function: neither --name nor --input expected`, {
      hint: 'Its uses and triggers stand under [[function]] in the configuration.',
    });
  }
  const code = await runSaga(options, 'add', { digest: await handIn(options, folder), name: id });
  const next = `Name it under [[function]] (module = "${id}") in the configuration, and start the gateway again.`;
  if (code === EXIT.ok && !options.json) print(next);
  return code;
}

export const moduleUpgrade: Command = {
  verb: 'module upgrade',
  usage: 'NAME DIR [--compare SPAN] [--watch SPAN] [--accept-changes] [--fuel-ratio N] [--no-wait] [--state DIR]',
  summary:
    'Runs the new version beside the live one, compares their outputs, lets it go live between two batches, watches it, and goes back by itself when it is not well.',
  options: {
    ...SAGA_OPTIONS,
    compare: { type: 'string' },
    watch: { type: 'string' },
    'accept-changes': { type: 'boolean' },
    'fuel-ratio': { type: 'string' },
  },
  words: [2, 2],
  async run({ options, words: [name, folder] }) {
    const digest = await handIn(options, folder!);
    const terms = {
      ...spanOf(options, 'compare', 'compareMs'),
      ...spanOf(options, 'watch', 'watchMs'),
      ...(options['accept-changes'] === true && { differingMax: 1 }),
      ...(options['fuel-ratio'] !== undefined && { fuelRatioMax: Number(options['fuel-ratio']) }),
    };
    return runSaga(options, 'upgrade', { digest, name, terms });
  },
};

export const moduleRollback: Command = {
  verb: 'module rollback',
  usage: 'NAME [--no-wait] [--state DIR]',
  summary: 'Goes back to the version before, at once.',
  options: SAGA_OPTIONS,
  words: [1, 1],
  run: ({ options, words: [name] }) => runSaga(options, 'rollback', { name }),
};

export const moduleConfigure: Command = {
  verb: 'module configure',
  usage: 'NAME [--input SERIES] [--set KEY=NUMBER]... [--enable | --disable] [--no-wait] [--state DIR]',
  summary:
    'Changes what an installed module reads and its parameters, while it runs. With --set, --input is needed too.',
  options: {
    ...SAGA_OPTIONS,
    input: { type: 'string', multiple: true },
    set: { type: 'string', multiple: true },
    enable: { type: 'boolean' },
    disable: { type: 'boolean' },
  },
  words: [1, 1],
  async run({ options, words: [name] }) {
    const inputs = inputsOf(options);
    if (inputs === undefined && listOf(options.set).length > 0) {
      throw new GatewayError('invalid', '--set: --input with the series that it is for expected');
    }
    const enabled = options.enable === true ? true : options.disable === true ? false : undefined;
    return runSaga(options, 'configure', { name, inputs, enabled });
  },
};

export const moduleRemove: Command = {
  verb: 'module remove',
  usage: 'NAME [--no-wait] [--state DIR]',
  summary: 'Stops an installed module and deletes it with all that it kept for itself. Its points stay.',
  options: SAGA_OPTIONS,
  words: [1, 1],
  run: ({ options, words: [name] }) => runSaga(options, 'remove', { name }),
};

export const moduleResume: Command = {
  verb: 'module resume',
  usage: 'NAME [--state DIR]',
  summary: 'Tries a module that is in quarantine, or waits after a failure, at once.',
  options: STATE_OPTIONS,
  words: [1, 1],
  async run({ options, words: [name] }) {
    await post(options, 'resume', { name });
    if (options.json) printJson({ name });
    else print(`module ${name}: tried again`);
    return EXIT.ok;
  },
};

async function modulesOf(options: OptionValues): Promise<StatusDocument['modules']> {
  return (await askGateway<StatusDocument>(options, 'GET', '/api/status')).modules;
}

async function handIn(options: OptionValues, folder: string): Promise<string> {
  const { manifestText, wasm, signatureText } = readPackage(folder);
  const parts = { manifest: manifestText, wasm: Buffer.from(wasm).toString('base64'), signature: signatureText };
  return (await post<{ digest: string }>(options, 'packages', parts)).digest;
}

function post<T>(options: OptionValues, verb: string, body: unknown): Promise<T> {
  return askGateway<T>(options, 'POST', `/control/modules/${verb}`, Buffer.from(JSON.stringify(body)));
}

/** Starts the saga and, unless told otherwise, waits for its end, printing its steps. @returns 0 only when it succeeded. */
async function runSaga(options: OptionValues, verb: string, parameters: unknown): Promise<number> {
  const { saga } = await post<{ saga: string }>(options, verb, parameters);
  if (options['no-wait'] === true) {
    if (options.json) printJson({ saga });
    else print(`saga ${saga}: see \`tidegate saga show ${saga}\``);
    return EXIT.ok;
  }
  using state = openState(options);
  let shown = 0;
  for (const end = Date.now() + WAIT_MAX_MS; Date.now() < end; ) {
    const row = findSaga(state.database, saga);
    const events = readTimeline(state.database, saga);
    if (options.verbose === true && !options.json)
      for (const event of events.slice(shown))
        print(`  ${event.kind.padEnd(8)} ${event.step ?? ''}  ${event.detail ?? ''}`.trimEnd());
    shown = events.length;
    if (row !== undefined && isFinal(row.state)) {
      if (options.json) printJson({ saga, state: row.state, error: row.error, results: row.results });
      else print(`saga ${saga}: ${row.state}${row.error === null ? '' : `: ${row.error}`}`);
      return row.state === 'succeeded' ? EXIT.ok : EXIT.failed;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new GatewayError('unavailable', `saga ${saga}: not at its end after ${WAIT_MAX_MS / 60_000} minutes`);
}

/** `--input A --input B --set k=1`: all inputs with the same parameters. */
function inputsOf(options: OptionValues) {
  const series = listOf(options.input);
  if (series.length === 0) return undefined;
  const config = Object.fromEntries(listOf(options.set).map(settingOf));
  return series.map((one) => ({ series: one, config }));
}

function settingOf(text: string): [string, number] {
  const [key = '', value = ''] = text.split('=');
  const number = Number(value);
  if (key === '' || value === '' || !Number.isFinite(number)) {
    throw new GatewayError('invalid', `--set: KEY=NUMBER expected, ${text} found`);
  }
  return [key, number];
}

function spanOf(options: OptionValues, option: string, key: string): Record<string, number> {
  const text = textOf(options[option]);
  if (text === undefined) return {};
  const span = parseDuration(text);
  if (span === undefined)
    throw new GatewayError('invalid', `--${option}: a span such as 10s or 5m expected, ${text} found`);
  return { [key]: span };
}

function requiredText(options: OptionValues, option: string): string {
  const text = textOf(options[option]);
  if (text === undefined) throw new GatewayError('invalid', `--${option}: expected`);
  return text;
}
