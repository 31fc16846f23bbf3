/** Which units of the name tidegate.service a machine or an image has: systemd takes the first, and says nothing of the others. */
import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { GatewayError } from '../../base/errors.ts';
import { placeIn, type ServicePlaces, servicePlaces } from './service-files.ts';

const UNIT = 'tidegate.service';

/** In systemd's order. /lib is /usr/lib on most machines. See systemd.unit(5), "UNIT FILE LOAD PATH". */
const SEARCHED = ['/etc', '/run', '/usr/local/lib', '/usr/lib', '/lib'].map((folder) => `${folder}/systemd/system`);

/** What `systemctl enable` makes. */
const WANTED_FROM = '/etc/systemd/system';

export interface FoundUnit {
  /** On the machine, without the folder of an image before it. */
  readonly path: string;
  /** What it starts; undefined for one that starts nothing, such as a masked one. */
  readonly executable: string | undefined;
}

/** In the order in which systemd takes them, each file once. */
export function unitsIn(root: string): FoundUnit[] {
  const units = new Map<string, FoundUnit>();
  for (const folder of SEARCHED) {
    const path = `${folder}/${UNIT}`;
    const file = realPlace(root, path);
    if (units.has(file) || !fs.lstatSync(file, { throwIfNoEntry: false })) continue;
    units.set(file, { path, executable: startedBy(root, file) });
  }
  return [...units.values()];
}

/**
 * A unit that an operator has copied and edited starts the same executable, and a masked one none: both stay.
 * @throws GatewayError `conflict` when another unit starts another executable: one of the two would never run, and nobody would be told.
 */
export function expectNoOther(root: string, places: ServicePlaces): void {
  const units = unitsIn(root);
  const here = realPlace(root, places.unit);
  for (const { path, executable } of units) {
    if (executable === undefined || executable === places.executable || realPlace(root, path) === here) continue;
    const isFirst = SEARCHED.indexOf(dirname(path)) < SEARCHED.indexOf(dirname(places.unit));
    const hides = isFirst ? 'would hide' : 'would be hidden by';
    const prefix = prefixOf({ path, executable });
    const within = root === '/' ? '' : ` --root ${root}`;
    throw new GatewayError(
      'conflict',
      `${join(root, path)} starts ${executable}: it ${hides} the unit to be written, ${places.unit}`,
      {
        hint:
          prefix === undefined
            ? 'Remove it first.'
            : `Install over it with --prefix ${prefix}, or first: tidegate uninstall --prefix ${prefix}${within}`,
      },
    );
  }
}

/** @returns the prefix of the installation that runs; undefined when there is none that `install` could have written. */
export function installedPrefix(root: string): string | undefined {
  for (const unit of unitsIn(root)) {
    const prefix = prefixOf(unit);
    if (prefix !== undefined) return prefix;
  }
  return undefined;
}

/** Removes what `systemctl enable` made, where nobody can be asked to disable it. @returns the links, by their path on the machine. */
export function removeEnablement(root: string): string[] {
  const folder = placeIn(root, `${WANTED_FROM}/${UNIT}`).slice(0, -UNIT.length - 1);
  if (!fs.existsSync(folder)) return [];
  const links = fs
    .readdirSync(folder)
    .filter((name) => /\.(wants|requires)$/.test(name))
    .map((name) => `${WANTED_FROM}/${name}/${UNIT}`)
    .filter((path) => fs.lstatSync(placeIn(root, path), { throwIfNoEntry: false })?.isSymbolicLink());
  for (const path of links) fs.rmSync(placeIn(root, path));
  return links;
}

/** Of an installation: undefined for a unit that stands where `install` with its prefix would not have put it. */
function prefixOf({ path, executable }: FoundUnit): string | undefined {
  const prefix = /^((?:\/[A-Za-z0-9_.+-]+)+)\/bin\/tidegate$/.exec(executable ?? '')?.[1];
  return prefix !== undefined && servicePlaces(prefix).unit === path ? prefix : undefined;
}

function startedBy(root: string, file: string): string | undefined {
  try {
    // In an image it would lead to a file of this machine.
    if (root !== '/' && fs.lstatSync(file).isSymbolicLink()) return undefined;
    return /^ExecStart=[-@:+!]*(\S+)/m.exec(fs.readFileSync(file, 'utf8'))?.[1];
  } catch {
    // A link to nowhere, or to what is no file: it starts nothing.
    return undefined;
  }
}

/** On this machine too with the links of the folders above followed: /lib and /usr/lib may be one. */
function realPlace(root: string, path: string): string {
  if (root !== '/') return placeIn(root, path);
  try {
    return join(fs.realpathSync(dirname(path)), basename(path));
  } catch {
    return path; // No such folder.
  }
}
