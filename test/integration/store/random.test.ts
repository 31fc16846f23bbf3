import assert from 'node:assert/strict';
import test from 'node:test';
import { GatewayError } from '../../../gateway/src/base/errors.ts';
import { seededRandom } from '../../../gateway/src/base/random.ts';
import type { Lane } from '../../../gateway/src/core/model/series.ts';
import type { Contribution } from '../../../gateway/src/core/store/contribution.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts';
import { ContributionSource, valuesOf } from './contributions.ts';
import { OpenState } from './open-state.ts';

/** SEED=1234 replays exactly one. */
const SEEDS = process.env.SEED ? [Number(process.env.SEED)] : Array.from({ length: 40 }, (_, i) => i + 1);
const STEPS = 60;

/** A store under a random life: commits, seals in part and in whole, moves, full disks, crashes by opening a copy. */
class RandomLife implements Disposable {
  readonly #random;
  readonly #source: ContributionSource;
  readonly #limits;
  #folder: TemporaryFolder = temporaryFolder();
  #isFull = false;
  #state: OpenState;
  readonly committed: Contribution[] = [];
  /** Values of points whose file retention has deleted. */
  readonly #deleted: number[] = [];

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#source = new ContributionSource(seed);
    this.#limits = { segmentPoints: 50 + this.#random.below(200), batchRowsMax: 120 };
    this.#state = this.#open();
  }

  [Symbol.dispose](): void {
    this.#state[Symbol.dispose]();
    this.#folder[Symbol.dispose]();
  }

  step(): void {
    const act = this.#random.below(20);
    if (act < 9) this.#commit();
    else if (act < 13) this.#tolerateFull(() => this.#state.store.sealStep(act === 9));
    else if (act < 15) this.#move();
    else if (act < 16) this.#state.store.checkpoint();
    else if (act < 17) this.#isFull = this.#random.below(2) === 0;
    else if (act < 18) this.#tolerateFull(() => this.#state.sealAll());
    else this.#crash();
  }

  check(): void {
    this.#state.ledger();
    const found = [...this.#state.values(), ...this.#deleted].sort((a, b) => a - b);
    assert.deepEqual(found, valuesOf(this.committed));
    assert.deepEqual(this.#state.damage, []);
  }

  #open(): OpenState {
    const limits = this.#limits;
    const failWhenFull = () => {
      if (this.#isFull) throw new GatewayError('exhausted', 'the disk is full');
    };
    return new OpenState(this.#folder.path, {
      limits,
      wrapJournal: (journal) => ({
        get bytes() {
          return journal.bytes;
        },
        append(record, number) {
          failWhenFull();
          journal.append(record, number);
        },
        replay: (onRecord) => journal.replay(onRecord),
        releaseThrough: (number) => journal.releaseThrough(number),
      }),
      wrapFiles: (files) => ({
        write(name, octets) {
          failWhenFull();
          files.write(name, octets);
        },
        read: (name) => files.read(name),
        remove: (name) => files.remove(name),
        list: () => files.list(),
      }),
    });
  }

  /** As the commit loop does: a group whose commit failed is held back and comes again, perhaps with more. */
  #commit(): void {
    const group = Array.from({ length: 1 + this.#random.below(3) }, () => this.#source.any(40));
    this.#tolerateFull(
      () => this.#state.store.commit(group),
      () => {
        this.#isFull = false;
        group.push(this.#source.any(10));
        this.#state.store.commit(group);
      },
    );
    this.committed.push(...group);
  }

  #move(): void {
    const lanes: Lane[] = ['alarm', 'aggregate', 'live'];
    const lane = lanes[this.#random.below(3)]!;
    const state = (['sealed', 'confirmed'] as const)[this.#random.below(2)]!;
    const row = this.#state.index.oldest(state, lane, 1)[0];
    if (row === undefined) return;
    const moves =
      state === 'confirmed' ? (['pruned'] as const) : (['confirmed', 'confirmed', 'expired', 'corrupt'] as const);
    const to = moves[this.#random.below(moves.length)]!;
    const before = new Set(this.#state.values());
    this.#state.store.moveSegment(row.lane, row.sequence, to);
    for (const value of this.#state.values()) before.delete(value);
    assert.equal(before.size, to === 'pruned' || to === 'expired' ? row.points : 0);
    this.#deleted.push(...before);
  }

  /** What is on disk at this moment is what a new process finds; the old one writes nothing any more. */
  #crash(): void {
    const folder = temporaryFolder(this.#folder.path);
    this.#state[Symbol.dispose]();
    this.#folder[Symbol.dispose]();
    this.#folder = folder;
    this.#isFull = false;
    this.#state = this.#open();
  }

  #tolerateFull(act: () => unknown, whenFull: () => void = () => undefined): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof GatewayError && error.code === 'exhausted')) throw error;
      whenFull();
    }
  }
}

for (const seed of SEEDS) {
  test(`every committed point is found exactly once and the ledger balances, seed ${seed}`, () => {
    using life = new RandomLife(seed);
    for (let step = 0; step < STEPS; step++) {
      life.step();
      life.check();
    }
    assert.ok(life.committed.length > 10);
  });
}
