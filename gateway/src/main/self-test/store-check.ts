import { join } from 'node:path';
import { makeFolder } from '../../adapters/files/durable.ts';
import { JournalFiles } from '../../adapters/files/journal-files.ts';
import { SegmentFolder } from '../../adapters/files/segment-files.ts';
import { zstd } from '../../adapters/files/zstd.ts';
import { openDatabase } from '../../adapters/sqlite/database.ts';
import { SqliteStoreIndex } from '../../adapters/sqlite/store-index.ts';
import { systemClock } from '../../base/clock.ts';
import { allocatePoints } from '../../core/model/points.ts';
import { segmentFileName } from '../../core/store/ports.ts';
import { SegmentReader } from '../../core/store/segment-format.ts';
import { Store } from '../../core/store/store.ts';
import { assets } from '../assets.ts';
import { statePaths } from '../state-paths.ts';
import { type Check, expectSame } from './check.ts';
import { temporaryFolder } from './temporary-folder.ts';

const ROWS = 1000;
const SERIES = { id: 1, device: 'self-test', point: 'value', unit: '', type: 'gauge', lane: 'live' } as const;

interface OpenStore extends Disposable {
  readonly store: Store;
  readonly files: SegmentFolder;
}

/** A store of its own: points are committed, found again after it was opened anew, sealed, and read back from the segment. */
export const storeCheck: Check = {
  name: 'store',
  run({ base, near }) {
    using folder = temporaryFolder(base);
    const nativeBinding = assets.nativeBinding('better_sqlite3', near());
    const state = join(folder.path, 'state');
    {
      using opened = openStore(state, nativeBinding);
      opened.store.commit([contribution()]);
    }
    using opened = openStore(state, nativeBinding);
    const { store, files } = opened;
    expectSame('points after the store was opened again', ROWS, store.ledger().live.stored);
    while (store.sealStep(true) !== 'idle');
    const octets = files.read(segmentFileName('live', 1));
    const points = new SegmentReader(octets, zstd, 'live 1').readAll();
    const sum = points.value.subarray(0, points.length).reduce((a, b) => a + b, 0);
    expectSame('sum of the values in the segment', (ROWS * (ROWS - 1)) / 2, sum);
    return `${ROWS} points committed, found again, sealed into ${octets.length} octets`;
  },
};

function openStore(state: string, nativeBinding: string | undefined): OpenStore {
  const paths = statePaths(state);
  makeFolder(state);
  const database = openDatabase(paths.database, assets.migrations('gateway'), { nativeBinding });
  const journal = new JournalFiles(paths.journal, (error) => {
    throw error;
  });
  const files = new SegmentFolder(paths.segments);
  const index = new SqliteStoreIndex(database, 10, () => undefined);
  const store = new Store(
    { journal, files, index, compressor: zstd, clock: systemClock },
    { segmentPoints: ROWS, segmentAgeMs: 60_000, alarmSegmentAgeMs: 1000, batchRowsMax: ROWS, quarantineMax: 10 },
  );
  store.open();
  return {
    store,
    files,
    [Symbol.dispose]() {
      journal.close();
      database.close();
    },
  };
}

function contribution(): Parameters<Store['commit']>[0][number] {
  const points = allocatePoints(ROWS);
  for (let i = 0; i < ROWS; i++) {
    points.timeMs[i] = systemClock.now() + i;
    points.value[i] = i;
    points.series[i] = SERIES.id;
  }
  points.length = ROWS;
  return { lane: 'live', points, received: ROWS, shed: {}, newSeries: [SERIES], quarantinedCount: 0, quarantine: [] };
}
