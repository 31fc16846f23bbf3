import type { EpochMs } from '../../base/units.ts';
import type { Message } from './ports.ts';
import type { Recording } from './recording.ts';

/** From this rate on, in points a second, readings travel in arrays: one message each would cost the sender 15–20 µs a point. */
const ARRAYS_FROM_RATE = 2000;
const READINGS_PER_ARRAY = 100;
/** Of one series, a second: times are whole milliseconds, and at half as many they stay evenly spread and distinct. */
const SERIES_RATE_MAX = 500;
const STATIONS_MIN = 4;

interface PlayedSeries {
  readonly topic: string;
  readonly column: readonly string[];
  readonly device: number;
  /** Next row of the recording; begins again at the end. */
  row: number;
  /** Of the latest reading; 0 before the first. */
  timeMs: number;
}

/**
 * Plays a recording back faster than life, as if `stations` sensors stood side by side, each beginning at another row.
 * The values are the recorded ones; the times are those of the playback, not of the recording: a reading is stamped with the
 * moment it is published at, an array's readings with moments spread evenly since the series' array before. Within a series
 * times always increase, also when the clock goes back, so no two readings of one series share a time.
 */
export class Playback {
  readonly stations: number;
  /** Points in every message. */
  readonly pointsPerMessage: number;
  readonly #series: PlayedSeries[];
  readonly #spanMs: number;
  #next = 0;

  /** @param rate points a second that will be asked for; decides about arrays and the number of stations. */
  constructor(recording: Recording, rate: number) {
    const quantities = recording.columns.size;
    this.stations = Math.max(STATIONS_MIN, Math.ceil(rate / (quantities * SERIES_RATE_MAX)));
    this.pointsPerMessage = rate < ARRAYS_FROM_RATE ? 1 : READINGS_PER_ARRAY;
    this.#spanMs = (this.pointsPerMessage * this.stations * quantities * 1000) / rate;
    this.#series = Array.from({ length: this.stations }, (_, station) =>
      Array.from(recording.columns, ([quantity, column]) => ({
        topic: `sensors/seattle-${station + 1}/${quantity}`,
        column,
        device: station + 1,
        row: Math.floor((station * recording.rows) / this.stations),
        timeMs: 0,
      })),
    ).flat();
  }

  /** The next series' next message; series take turns. */
  next(now: EpochMs): Message {
    const series = this.#series[this.#next]!;
    this.#next = (this.#next + 1) % this.#series.length;
    const points = this.pointsPerMessage;
    const payload = points === 1 ? readOne(series, now) : this.#readMany(series, now, points);
    return { topic: series.topic, payload, points, device: series.device };
  }

  #readMany(series: PlayedSeries, now: EpochMs, points: number): string {
    const start = Math.max(series.timeMs, Math.floor(now - this.#spanMs));
    const end = Math.max(Math.floor(now), start + points);
    let payload = '[';
    for (let i = 1; i <= points; i++) {
      series.timeMs = start + Math.floor(((end - start) * i) / points);
      payload += `${i === 1 ? '' : ','}{"value":${nextValue(series)},"time":${series.timeMs}}`;
    }
    return `${payload}]`;
  }
}

function readOne(series: PlayedSeries, now: EpochMs): string {
  series.timeMs = Math.max(Math.floor(now), series.timeMs + 1);
  return `{"value":${nextValue(series)},"time":${series.timeMs}}`;
}

function nextValue(series: PlayedSeries): string {
  const value = series.column[series.row]!;
  series.row = (series.row + 1) % series.column.length;
  return value;
}
