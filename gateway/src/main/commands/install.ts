/** The verbs that make the packaged executable a service of systemd on any Debian machine, or in the folder of an image. */
import * as fs from 'node:fs';
import { join, resolve } from 'node:path';
import {
  type FileOutcome,
  placeIn,
  putFile,
  removeFile,
  type ServicePlaces,
  servicePlaces,
  unitFor,
} from '../../adapters/systemd/service-files.ts';
import { isActive, isBooted, makeUser, setOwners, systemctl } from '../../adapters/systemd/service-tools.ts';
import { expectNoOther, installedPrefix, removeEnablement, unitsIn } from '../../adapters/systemd/service-units.ts';
import { GatewayError } from '../../base/errors.ts';
import { renderExample } from '../../config/render-example.ts';
import { assets } from '../assets.ts';
import { type Command, EXIT, type OptionSpecs, type OptionValues, print, printJson, table, textOf } from './command.ts';
import { expectFolder } from './expect-folder.ts';

const STATE_FOLDER = '/var/lib/tidegate';
const OPTIONS: OptionSpecs = { prefix: { type: 'string' }, root: { type: 'string' } };

export const install: Command = {
  verb: 'install',
  usage: '[--prefix DIR] [--root DIR]',
  summary:
    'Makes this executable a service of systemd: copies it to PREFIX/bin (/usr/local), writes unit, user and a commented configuration. --root: into the folder of an image, nothing is started.',
  options: OPTIONS,
  words: [0, 0],
  run({ options }) {
    const { places, root } = targetOf(options, 'install');
    expectNoOther(root, places);
    const before = unitsIn(root).find(({ path }) => path === places.unit)?.executable ?? places.executable;
    const files = putFiles(places, root);
    const isLive = root === '/';
    if (isLive) {
      makeUser(places.sysusers);
      setOwners(places.tmpfiles);
      if (isBooted()) systemctl('daemon-reload');
    }
    if (options.json) printJson({ root, files, active: isLive && isActive() });
    else {
      print(table(['file', 'outcome'], Object.entries(files)));
      print(`\n${whatNext(places, root)}`);
      if (before !== places.executable) print(`${join(root, before)} stays, and is no longer what the unit starts.`);
      const runs = unitsIn(root)[0]!.path;
      if (runs !== places.unit) print(`${join(root, runs)} stays, and hides ${places.unit}: see systemctl revert.`);
    }
    return Promise.resolve(EXIT.ok);
  },
};

export const uninstall: Command = {
  verb: 'uninstall',
  usage: '[--prefix DIR] [--root DIR]',
  summary:
    'Stops the service and removes what `tidegate install` wrote, by default the installation that the unit names. State, configuration and the user stay.',
  options: OPTIONS,
  words: [0, 0],
  run({ options }) {
    const { places, root } = targetOf(options, 'uninstall');
    expectOurs(root, places);
    const isLive = root === '/' && isBooted();
    const { config, ...ours } = places;
    const started = unitsIn(root).find(({ executable }) => executable !== undefined)?.executable;
    if (isLive && started === places.executable) systemctl('disable', '--now', 'tidegate.service');
    const removed = Object.values(ours).filter((path) => removeFile(placeIn(root, path)));
    const left = unitsIn(root).map(({ path }) => join(root, path));
    if (!isLive && left.length === 0) removed.push(...removeEnablement(root));
    if (isLive) systemctl('daemon-reload');
    if (options.json) printJson({ root, removed, kept: [config, STATE_FOLDER], left });
    else {
      for (const path of removed) print(`removed ${placeIn(root, path)}`);
      for (const path of left) print(`left ${path}: not of this installation`);
      print(
        removed.length === 0
          ? 'Nothing was installed there.'
          : `${config} and ${STATE_FOLDER} stay, and so does the user tidegate.`,
      );
    }
    return Promise.resolve(EXIT.ok);
  },
};

/** @throws GatewayError `conflict` when the unit of this prefix belongs to another installation: all but `/usr` and `/usr/local` share one. */
function expectOurs(root: string, { unit, executable }: ServicePlaces): void {
  const found = unitsIn(root).find(({ path }) => path === unit)?.executable;
  if (found === undefined || found === executable) return;
  throw new GatewayError('conflict', `${join(root, unit)} starts ${found}: ${executable} expected`, {
    hint: 'Without --prefix the installation that the unit names is removed.',
  });
}

/** @throws GatewayError where there is nothing to install, or nobody who may. */
function targetOf(options: OptionValues, verb: string): { places: ServicePlaces; root: string } {
  const root = rootOf(options);
  const known = verb === 'uninstall' ? installedPrefix(root) : undefined;
  const places = servicePlaces(textOf(options.prefix) ?? known ?? '/usr/local');
  if (assets.facts().from !== 'package') {
    throw new GatewayError('invalid', `${verb}: a packaged executable expected, a checkout found`, {
      hint: `npm run package -- --target ${process.platform}-${process.arch}, then: dist/tidegate-${process.platform}-${process.arch} ${verb}`,
    });
  }
  if (root === '/' && process.geteuid!() !== 0) {
    throw new GatewayError('denied', `${verb}: root expected, user ${process.geteuid!()} found`, {
      hint: `sudo ${process.execPath} ${verb}, or --root DIR for an image.`,
    });
  }
  return { places, root };
}

/** @throws GatewayError where it is none: what an installation makes is all below a root that is there. */
function rootOf({ root: given }: OptionValues): string {
  // Such as a variable of a script that nobody has set: the folder at hand is not meant.
  if (given === '') throw new GatewayError('invalid', '--root: a folder expected, an empty text found');
  const root = resolve(textOf(given) ?? '/');
  expectFolder(root, `--root ${root}`, 'Name the folder of an image that is there, or make it first.');
  return root;
}

function putFiles(places: ServicePlaces, root: string): Record<string, FileOutcome> {
  const shipped = new Map(assets.shippedFiles('image/systemd').map(({ path, octets }) => [path, octets]));
  const unit = unitFor(Buffer.from(shipped.get('tidegate.service')!).toString('utf8'), places.executable);
  const config = placeIn(root, places.config);
  return {
    [places.executable]: putFile(placeIn(root, places.executable), fs.readFileSync(process.execPath), 0o755),
    [places.unit]: putFile(placeIn(root, places.unit), Buffer.from(unit), 0o644),
    [places.sysusers]: putFile(placeIn(root, places.sysusers), shipped.get('tidegate.sysusers')!, 0o644),
    [places.tmpfiles]: putFile(placeIn(root, places.tmpfiles), shipped.get('tidegate.tmpfiles')!, 0o644),
    [places.config]: fs.lstatSync(config, { throwIfNoEntry: false })
      ? 'kept'
      : putFile(config, Buffer.from(firstConfig()), 0o640),
  };
}

/** Every setting, commented out, but for the one that a service needs. */
export function firstConfig(): string {
  const line = /^#state_dir = .*$/m;
  return renderExample().replace(line, `state_dir = ${JSON.stringify(STATE_FOLDER)}`);
}

function whatNext({ config }: ServicePlaces, root: string): string {
  if (root !== '/') {
    return [
      'To start with the image:',
      `  systemctl --root=${root} enable tidegate.service`,
      'User and owner are made when it boots; where its /etc cannot be written then, now:',
      `  systemd-sysusers --root=${root} && systemd-tmpfiles --root=${root} --create tidegate.conf`,
    ].join('\n');
  }
  const start = isActive() ? 'systemctl restart tidegate' : 'systemctl enable --now tidegate';
  return [
    `Next:`,
    `  edit ${config}`,
    `  tidegate config check && ${start}`,
    `  systemctl status tidegate; journalctl -u tidegate -f`,
    `Verbs that ask the gateway belong to its user: sudo -u tidegate tidegate module list`,
  ].join('\n');
}
