import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../../gateway/src/adapters/files/durable.ts';
import { JournalFiles } from '../../../gateway/src/adapters/files/journal-files.ts';
import { SegmentFolder } from '../../../gateway/src/adapters/files/segment-files.ts';
import { zstd } from '../../../gateway/src/adapters/files/zstd.ts';
import { type Database, openDatabase } from '../../../gateway/src/adapters/sqlite/database.ts';
import { SqliteSagaStore } from '../../../gateway/src/adapters/sqlite/saga-store.ts';
import { addShipment } from '../../../gateway/src/adapters/sqlite/shipments.ts';
import { SqliteStoreIndex } from '../../../gateway/src/adapters/sqlite/store-index.ts';
import type { GatewayError } from '../../../gateway/src/base/errors.ts';
import { emptyLedger, isLaneBalanced, type Ledger } from '../../../gateway/src/core/model/ledger.ts';
import { LANES } from '../../../gateway/src/core/model/series.ts';
import { type Journal, type SegmentFiles, segmentFileName } from '../../../gateway/src/core/store/ports.ts';
import { SegmentReader } from '../../../gateway/src/core/store/segment-format.ts';
import { Store, type StoreLimits } from '../../../gateway/src/core/store/store.ts';
import { assets } from '../../../gateway/src/main/assets.ts';
import { type StatePaths, statePaths } from '../../../gateway/src/main/state-paths.ts';
import { ManualClock } from '../../support/manual-clock.ts';

export interface OpenOptions {
  readonly limits?: Partial<StoreLimits>;
  /** Stands between the store and its real files, to fail where a test wants it. */
  readonly wrapJournal?: (journal: Journal) => Journal;
  readonly wrapFiles?: (files: SegmentFiles) => SegmentFiles;
}

const LIMITS: StoreLimits = {
  segmentPoints: 1000,
  segmentAgeMs: 60_000,
  alarmSegmentAgeMs: 1000,
  batchRowsMax: 500,
  quarantineMax: 10,
};

/** A store on real files and real SQLite, wired as the store worker wires it. Disposing closes files and writes nothing more. */
export class OpenState implements Disposable {
  readonly paths: StatePaths;
  readonly clock = new ManualClock();
  readonly database: Database;
  readonly sagas: SqliteSagaStore;
  readonly index: SqliteStoreIndex;
  readonly journal: JournalFiles;
  readonly store: Store;
  /** What the journal said of damage when it was opened. */
  readonly damage: GatewayError[] = [];
  /** What was wrong with segment files when it was opened. */
  readonly faults: readonly string[];

  constructor(folder: string, options: OpenOptions = {}) {
    this.paths = statePaths(folder);
    makeFolder(folder);
    this.database = openDatabase(this.paths.database, assets.migrations('gateway'));
    const limits = { ...LIMITS, ...options.limits };
    this.sagas = new SqliteSagaStore(this.database);
    this.index = new SqliteStoreIndex(this.database, limits.quarantineMax, (segment) =>
      addShipment(this.sagas, segment, 1, segment.sealedMs),
    );
    this.journal = new JournalFiles(this.paths.journal, (error) => this.damage.push(error));
    const files = new SegmentFolder(this.paths.segments);
    const ports = {
      journal: options.wrapJournal?.(this.journal) ?? this.journal,
      files: options.wrapFiles?.(files) ?? files,
    };
    this.store = new Store({ ...ports, index: this.index, compressor: zstd, clock: this.clock }, limits);
    this.faults = this.store.open();
  }

  [Symbol.dispose](): void {
    this.journal.close();
    this.database.close();
  }

  /** Seals every tail to the end. */
  sealAll(): void {
    while (this.store.sealStep(true) !== 'idle');
  }

  /** A copy of the accounts, after checking that every lane balances. */
  ledger(): Ledger {
    const ledger = structuredClone(this.store.ledger());
    for (const lane of LANES) {
      if (!isLaneBalanced(ledger[lane]))
        throw new Error(`lane ${lane} is out of balance: ${JSON.stringify(ledger[lane])}`);
    }
    return { ...emptyLedger(), ...ledger };
  }

  /** Values of all points in tails and in the segments whose file is kept, sorted. */
  values(): number[] {
    const found: number[] = [];
    for (const id of this.store.series.keys()) {
      const tail = this.store.tailOf(id);
      found.push(...tail.value.subarray(0, tail.length));
    }
    for (const { lane, sequence } of this.index.files()) {
      const octets = readFileSync(join(this.paths.segments, segmentFileName(lane, sequence)));
      const points = new SegmentReader(octets, zstd, `${lane} ${sequence}`).readAll();
      found.push(...points.value.subarray(0, points.length));
    }
    return found.sort((a, b) => a - b);
  }
}
