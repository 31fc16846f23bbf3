import { missingFeatures, readBuildInfo } from '../../../../native/build-info/index.ts';
import { loadMemoryAddon } from '../../../../native/memory-release/index.ts';
import { loadSendDatagram } from '../../../../native/service-notify/index.ts';
import { openDatabase } from '../../adapters/sqlite/database.ts';
import { GatewayError } from '../../base/errors.ts';
import { assets } from '../assets.ts';
import { type Check, expectSame } from './check.ts';

const ENOENT = 2;

/** Every native part is put where it can be loaded, is loaded, and does something. */
export const nativeCheck: Check = {
  name: 'native parts',
  run({ near }) {
    const nativeBinding = assets.nativeBinding('better_sqlite3', near());
    const database = openDatabase(':memory:', [], { nativeBinding });
    const version = database.prepare('SELECT sqlite_version()').pluck().get() as string;
    expectSame('SQLite', 42, database.prepare('SELECT 6 * 7').pluck().get());
    database.close();
    const path = assets.nativeBinding('build_info', near());
    if (path === undefined) return `SQLite ${version}; build_info is not built in this checkout`;
    const { architecture, compiledFor, glibc } = readBuildInfo(path);
    expectSame('architecture of build_info', process.arch, architecture);
    const memory = assets.nativeBinding('memory_release', near());
    if (memory !== undefined) {
      const addon = loadMemoryAddon(memory);
      addon.beginCollection();
      // How many octets an emulated process does not learn.
      expectSame('memory_release', 'number', typeof addon.releaseFilePages());
    }
    const notify = assets.nativeBinding('service_notify', near());
    if (notify !== undefined)
      expectSame('errno of a datagram to nowhere', ENOENT, loadSendDatagram(notify)('/nowhere/notify', 'x'));
    return `SQLite ${version}; build_info for ${compiledFor}, glibc ${glibc}`;
  },
};

/** What the native code was compiled to use, against what this processor has. */
export const processorCheck: Check = {
  name: 'processor',
  run({ near }) {
    const path = assets.nativeBinding('build_info', near());
    if (path === undefined) return 'not looked at: build_info is not built in this checkout';
    const info = readBuildInfo(path);
    const missing = missingFeatures(info);
    if (missing.length > 0) {
      throw new GatewayError(
        'unavailable',
        `a processor with ${info.required.join(', ')} expected, ${missing.join(', ')} missing`,
        { hint: `This executable is for ${info.compiledFor} and newer.` },
      );
    }
    return `has ${info.present.join(', ')}; needs ${info.required.join(', ')}`;
  },
};
