import * as fs from 'node:fs';
import type { Database } from '../../adapters/sqlite/database.ts';
import { readFunctionPackages, readModuleFloor } from '../../adapters/sqlite/module-store.ts';
import { listSagas } from '../../adapters/sqlite/saga-store.ts';
import type { Remote } from '../../adapters/threads/rpc.ts';
import { systemClock } from '../../base/clock.ts';
import { GatewayError } from '../../base/errors.ts';
import { millis } from '../../base/units.ts';
import type { SagaRow } from '../../core/model/saga.ts';
import type { LifePorts, PackageFacts, PackageStore } from '../../core/modules/life/ports.ts';
import type { PackageContents } from '../../core/modules/ports.ts';
import { checkRollback } from '../../core/modules/signing/rollback.ts';
import { compareVersions, parseVersion } from '../../core/modules/signing/semver.ts';
import type { FunctionPackages } from '../functions/function-packages.ts';
import type { Functions } from '../functions/functions.ts';
import type { StoreVerbs } from '../thread-messages.ts';
import { configOf, type ModuleLoader } from './load-module.ts';
import type { ModuleHost } from './module-host.ts';
import type { ModuleLibrary } from './module-library.ts';

export interface LifeParts {
  readonly host: ModuleHost;
  readonly library: ModuleLibrary;
  readonly loader: ModuleLoader;
  readonly functions: Functions;
  readonly functionPackages: FunctionPackages;
  readonly store: Remote<StoreVerbs>;
  /** Read-only. */
  readonly database: Database;
  readonly folderOf: (name: string) => string;
}

/** More than run at once. */
const SAGAS_MAX = 1000;

const AT_INSTALL = () => ({ nowMs: systemClock.now(), atBoot: false });
const AT_BOOT = { nowMs: 0, atBoot: true } as const;

/** The world in which the sagas of modules act. */
export function lifePorts(parts: LifeParts): LifePorts {
  const { host, loader, functions, functionPackages, store, folderOf } = parts;
  return {
    packages: packageStore(parts),
    uses: {
      put: (use) => store.putModuleUse(use),
      remove: (name) => store.removeModuleUse(name),
      async raiseFloor(id, version) {
        const floor = readModuleFloor(parts.database, id);
        if (floor === null || isHigher(version, floor)) await store.setModuleFloor(id, version);
      },
      putPackage: (row) => store.putFunctionPackage(row),
      removePackage: (id) => store.removeFunctionPackage(id),
    },
    functions: {
      packageOf: (id) => functionPackages.find(id),
      usersOf: (id) => functions.usersOf(id),
      trustOf: (id) => functions.trustOf(id),
      check: (id, version) => void functionPackages.load(id, version),
      put: (id, version) => functions.put(id, version),
      restore: (id) => functions.restore(id, functionPackages.versionOf(id)),
    },
    runner: {
      useOf: (name) => host.useOf(name),
      status: (name) => host.status(name),
      trustOf: (name) => host.reports().find((report) => report.name === name)?.trust || null,
      check(use) {
        const { manifest } = loader.load(use.module, use.version, AT_BOOT);
        configOf(
          manifest,
          use.name,
          use.inputs.map(({ config }) => config),
        );
      },
      put: (use) => host.put(use),
      remove: (name) => host.remove(name),
      async forget(name) {
        fs.rmSync(folderOf(name), { recursive: true, force: true });
      },
      canRunBeside: (use) => host.canRunBeside(use),
      startCanary: (use) => host.startCanary(use),
      canaryVersion: (name) => host.canaryVersion(name),
      swapCanary: (name) => host.swapCanary(name),
      dropCanary: (name) => host.dropCanary(name),
      canaryReport: (name) => host.canaryReport(name),
    },
    sleep: (ms, signal) => systemClock.sleep(millis(ms), signal),
  };
}

function packageStore({ host, library, loader, database }: LifeParts): PackageStore {
  const folder = library.packages!;
  const isNeeded = (id: string, version: string) =>
    [...host.uses(), ...readFunctionPackages(database)].some(
      (one) => one.module === id && (one.version === version || one.previous === version),
    );
  /** Sagas under way that install this version: from `keep` until it runs, no use speaks of it. */
  const installing = (id: string, version: string) => {
    const factsOf = ({ results }: SagaRow) => (results.plan as { facts?: PackageFacts } | undefined)?.facts;
    const facts = listSagas(database, SAGAS_MAX, ['executing', 'compensating']).map(factsOf);
    return facts.filter((one) => one?.id === id && one.version === version).length;
  };
  return {
    async judge(digest): Promise<PackageFacts> {
      if (!folder.hasStaged(digest)) {
        throw new GatewayError('not_found', `package ${digest.slice(0, 12)}: it is not here any more`, {
          hint: 'Others that were handed in after it have taken its place: hand it in again.',
        });
      }
      const contents = folder.readStaged(digest);
      const provenance = { from: 'installed', ...library.verify(contents, AT_INSTALL()) } as const;
      const { manifest } = loader.admit(contents, provenance);
      const { id, version, kind, sha256 } = manifest;
      checkRollback(manifest, readModuleFloor(database, id));
      if (library.versionOfProgram(id) === version) {
        throw new GatewayError('conflict', `module ${id}: version ${version} comes with the program`, {
          hint: 'Give a package of your own another id, or a higher version.',
        });
      }
      const wasInstalled = folder.has(id, version);
      if (wasInstalled && isNeeded(id, version) && !isSame(folder.read(id, version), contents)) {
        throw new GatewayError(
          'conflict',
          `module ${id}: another package of version ${version} is installed and in use`,
          {
            hint: 'A changed module needs a new version.',
          },
        );
      }
      return { id, version, kind, sha256, publisher: provenance.publisher, trust: provenance.trust, wasInstalled };
    },
    async keep(digest, { id, version }) {
      // After a restart what was handed in may have been installed already, and made room for others.
      if (folder.hasStaged(digest)) folder.keep(id, version, folder.readStaged(digest));
      else if (!folder.has(id, version)) folder.readStaged(digest);
    },
    async unkeep({ id, version }) {
      // One of them is the saga that takes it back.
      if (!isNeeded(id, version) && installing(id, version) <= 1) folder.remove(id, version);
    },
    async discard(digest) {
      folder.discard(digest);
    },
    async prune(id) {
      for (const { version } of folder.list().filter((one) => one.id === id)) {
        if (!isNeeded(id, version) && installing(id, version) === 0) folder.remove(id, version);
      }
    },
    ofProgram: (id) => library.versionOfProgram(id),
  };
}

/** The same but for its signature, which may be made anew. */
function isSame(a: PackageContents, b: PackageContents): boolean {
  return a.manifestText === b.manifestText && Buffer.compare(a.wasm, b.wasm) === 0;
}

function isHigher(version: string, floor: string): boolean {
  return compareVersions(parseVersion(version, 'version'), parseVersion(floor, 'floor')) > 0;
}
