/**
 * What a group commit costs: the gateway's journal file beside the same record as a blob in SQLite, and beside a row a point.
 * Prints octets written to storage for each point (this process, /proc/self/io, until all is closed) and the time of a commit.
 * `npm run bench -- store [--quick]`, or `node test/bench/store.bench.ts [--quick]`. The ways take turns, each in a folder of its own.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../../gateway/src/base/random.ts';
import { allocatePoints, type PointColumns } from '../../gateway/src/core/model/points.ts';
import { percentile } from '../support/load-client.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type CommitWay, journalFile, rows, rowsOfBlobs } from './support/commit-ways.ts';
import { writtenBytes } from './support/process-figures.ts';

const WAYS: readonly { name: string; open: (folder: string) => CommitWay }[] = [
  { name: 'journal file', open: journalFile },
  { name: 'SQLite, a blob a commit', open: rowsOfBlobs },
  { name: 'SQLite, a row a point', open: rows },
];
const isQuick = process.argv.includes('--quick');
const ROUNDS = isQuick ? 2 : 5;
/** Points of a commit, and commits of a round. */
const CASES = [
  { points: 200, commits: isQuick ? 100 : 500 },
  { points: 5000, commits: isQuick ? 20 : 60 },
];
const SERIES = 100;
/** As the gateway seals: what was committed before is then released. */
const SEGMENT_POINTS = 131_072;
const POINTS_PER_SECOND = 50_000;

/** Sensors with two decimals that wander, all sending at their own pace; one batch follows on from the other. */
class Sensors {
  readonly #random = seededRandom(1);
  readonly #hundredths = Float64Array.from({ length: SERIES }, () => 1000 + this.#random.below(9000));
  #sent = 0;

  fill(batch: PointColumns, length: number): void {
    for (let row = 0; row < length; row++, this.#sent++) {
      const series = this.#sent % SERIES;
      this.#hundredths[series]! += this.#random.below(11) - 5;
      batch.series[row] = series;
      batch.timeMs[row] = 1_750_000_000_000 + Math.floor((this.#sent * 1000) / POINTS_PER_SECOND);
      batch.value[row] = this.#hundredths[series]! / 100;
    }
    batch.length = length;
  }
}

interface Tally {
  points: number;
  written: number;
  cpuMicros: number;
  readonly commitMs: number[];
}

function emptyTally(): Tally {
  return { points: 0, written: 0, cpuMicros: 0, commitMs: [] };
}

function round(way: CommitWay, points: number, commits: number, tally: Tally): void {
  const batch = allocatePoints(points);
  const sensors = new Sensors();
  for (let number = 1; number <= commits; number++) {
    sensors.fill(batch, points);
    const cpu = process.cpuUsage();
    const start = performance.now();
    way.commit(batch, number);
    tally.commitMs.push(performance.now() - start);
    const used = process.cpuUsage(cpu);
    tally.cpuMicros += used.user + used.system;
    if (Math.floor((number * points) / SEGMENT_POINTS) > Math.floor(((number - 1) * points) / SEGMENT_POINTS))
      way.release(number);
  }
  tally.points += points * commits;
}

using folder = temporaryFolder();
const line = (...cells: string[]) =>
  console.log(cells.map((cell, i) => (i === 1 ? cell.padEnd(25) : cell.padStart(11))).join('  '));
line('points', 'way', 'B/point', 'commit p50', 'p99 ms', 'CPU us/pt');
for (const { points, commits } of CASES) {
  const tallies: Tally[] = WAYS.map(emptyTally);
  for (let turn = -1; turn < ROUNDS; turn++) {
    for (const [index, { open }] of WAYS.entries()) {
      const own = join(folder.path, `${points}-${turn}-${index}`);
      mkdirSync(own);
      // The first turn only warms up.
      const tally = turn < 0 ? emptyTally() : tallies[index]!;
      const before = writtenBytes(process.pid);
      {
        using way = open(own);
        round(way, points, commits, tally);
      }
      tally.written += writtenBytes(process.pid) - before;
    }
  }
  for (const [index, { name }] of WAYS.entries()) {
    const tally = tallies[index]!;
    const milliseconds = (share: number) => percentile(tally.commitMs, share).toFixed(2);
    const perPoint = (total: number) => (total / tally.points).toFixed(2);
    line(
      String(points),
      name,
      perPoint(tally.written),
      milliseconds(0.5),
      milliseconds(0.99),
      perPoint(tally.cpuMicros),
    );
  }
}
