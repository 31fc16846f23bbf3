import { GatewayError } from '../../base/errors.ts';
import { allocatePoints, appendPoints, endPoints, type PointColumns } from '../model/points.ts';

/** Points of one lane that are in the journal but in no segment yet. */
export class Tail {
  readonly capacity: number;
  #points: PointColumns;
  /** Gateway time (monotonic, ms) at which the oldest point entered; meaningless while empty. */
  sinceMs = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#points = allocatePoints(0);
  }

  get points(): PointColumns {
    return this.#points;
  }

  get length(): number {
    return this.#points.length;
  }

  hasRoomFor(rows: number): boolean {
    return this.length + rows <= this.capacity;
  }

  append(points: PointColumns, nowMs: number): void {
    if (points.length === 0) return;
    if (!this.hasRoomFor(points.length)) {
      throw new GatewayError(
        'exhausted',
        `tail of ${this.capacity} points: ${points.length} more do not fit beside ${this.length}`,
      );
    }
    this.#grow(this.length + points.length);
    if (this.length === 0) this.sinceMs = nowMs;
    appendPoints(this.#points, points);
  }

  /** Hands the points over, to be sealed and then ended (`endPoints`), and goes on with empty columns. */
  freeze(): PointColumns {
    const frozen = this.#points;
    this.#points = allocatePoints(0);
    return frozen;
  }

  /** Columns start small, so that a quiet lane costs little; they double up to the capacity. */
  #grow(rows: number): void {
    const room = this.#points.series.length;
    if (rows <= room) return;
    const grown = allocatePoints(Math.min(this.capacity, Math.max(rows, room * 2, 1024)));
    appendPoints(grown, this.#points);
    endPoints(this.#points);
    this.#points = grown;
  }
}
