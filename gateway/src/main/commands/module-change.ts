/** The life of modules on a gateway, verb by verb: each is a saga there. */
import { readPackage } from '../../adapters/files/module-package.ts';
import { GatewayError } from '../../base/errors.ts';
import { parseDuration } from '../../base/units.ts';
import { parseManifest } from '../../core/modules/manifest.ts';
import { type Command, EXIT, listOf, type OptionValues, print, printJson, textOf } from './command.ts';
import { functionPackagesOf } from './module-list.ts';
import { handIn, post, runSaga, SAGA_OPTIONS } from './module-saga.ts';
import { STATE_OPTIONS } from './state-folder.ts';

export const moduleInstall: Command = {
  verb: 'module install',
  usage: 'DIR --name NAME --input SERIES... [--set KEY=NUMBER]... [--disabled] [--no-wait] [--verbose] [--state DIR]',
  summary:
    'Installs a signed package (a folder with manifest.json, the module, signature.json) and runs it. A function takes no name: its uses stand in the configuration, and take a newer version at once.',
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
  if (code !== EXIT.ok || options.json || options['no-wait']) return code;
  const { functions = [] } = (await functionPackagesOf(options)).find(({ module }) => module === id) ?? {};
  const next = `Name it under [[function]] (module = "${id}") in the configuration, and start the gateway again.`;
  print(functions.length === 0 ? next : `Functions of it: ${functions.join(', ')}. See \`tidegate function list\`.`);
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
  summary: 'Goes back to the version before, at once; for functions NAME is the id of their module.',
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
  summary:
    'Stops an installed module and deletes it with all that it kept for itself. Its points stay. For functions NAME is the id of their module, which the configuration must not name any more.',
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
