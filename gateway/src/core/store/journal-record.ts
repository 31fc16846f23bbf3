/**
 * One record of the journal: everything one group commit adds, encoded so that replaying it rebuilds the tail of the store and the
 * ledger. Format in docs/reference/store-format.md.
 */
import { ByteReader, ByteWriter } from '../../base/bytes.ts';
import { GatewayError } from '../../base/errors.ts';
import { SHED_REASONS } from '../model/ledger.ts';
import { allocatePoints, type PointColumns } from '../model/points.ts';
import { LANES, SERIES_TYPES, type Series } from '../model/series.ts';
import type { Contribution, QuarantinedMessage } from './contribution.ts';
import { decodeRun, encodeRun } from './run-codec.ts';
import { SeriesRuns } from './series-runs.ts';

const VERSION = 1;

export interface JournalRecord {
  /** Counts up by one over the life of the store. */
  readonly number: number;
  readonly contributions: readonly Contribution[];
}

export class JournalRecordEncoder {
  readonly #out = new ByteWriter(64 * 1024);
  readonly #runs = new SeriesRuns();

  /** The octets are valid until the next call. */
  encode(record: JournalRecord): Uint8Array {
    const out = this.#out;
    out.reset();
    out.u8(VERSION);
    out.varint(record.number);
    out.varint(record.contributions.length);
    for (const contribution of record.contributions) this.#contribution(contribution);
    return out.view();
  }

  #contribution(contribution: Contribution): void {
    const out = this.#out;
    out.u8(LANES.indexOf(contribution.lane));
    out.varint(contribution.received);
    for (const reason of SHED_REASONS) out.varint(contribution.shed[reason] ?? 0);
    out.varint(contribution.quarantinedCount);
    out.varint(contribution.newSeries.length);
    for (const series of contribution.newSeries) writeSeries(out, series);
    out.varint(contribution.quarantine.length);
    for (const message of contribution.quarantine) writeQuarantined(out, message);
    this.#points(contribution.points);
  }

  #points(points: PointColumns): void {
    const out = this.#out;
    const runs = this.#runs;
    runs.group(points);
    out.varint(points.length);
    out.varint(runs.series.length);
    let from = 0;
    for (let i = 0; i < runs.series.length; i++) {
      const to = from + runs.takeRows(i);
      out.varint(runs.series[i]!);
      encodeRun(out, points, runs.order, from, to);
      from = to;
    }
  }
}

/** @throws GatewayError `corrupt`. */
export function decodeJournalRecord(octets: Uint8Array): JournalRecord {
  const input = new ByteReader(octets, 'journal record');
  const version = input.u8();
  if (version !== VERSION)
    throw new GatewayError('corrupt', `journal record: version ${VERSION} expected, ${version} found`);
  const number = input.varint();
  const contributions = Array.from({ length: input.varint() }, () => readContribution(input));
  return { number, contributions };
}

function readContribution(input: ByteReader): Contribution {
  const laneIndex = input.u8();
  const lane = LANES[laneIndex];
  if (lane === undefined)
    throw new GatewayError('corrupt', `journal record: lane 0..${LANES.length - 1} expected, ${laneIndex} found`);
  const received = input.varint();
  const shed = Object.fromEntries(SHED_REASONS.map((reason) => [reason, input.varint()]));
  const quarantinedCount = input.varint();
  const newSeries = Array.from({ length: input.varint() }, () => readSeries(input));
  const quarantine = Array.from({ length: input.varint() }, () => readQuarantined(input));
  const points = allocatePoints(input.varint());
  for (let runs = input.varint(); runs > 0; runs--) decodeRun(input, input.varint(), points);
  return { lane, received, shed, quarantinedCount, newSeries, quarantine, points };
}

export function writeSeries(out: ByteWriter, series: Series): void {
  out.varint(series.id);
  out.u8(LANES.indexOf(series.lane));
  out.u8(SERIES_TYPES.indexOf(series.type));
  out.text(series.device);
  out.text(series.point);
  out.text(series.unit);
}

export function readSeries(input: ByteReader): Series {
  const id = input.varint();
  const lane = LANES[input.u8()];
  const type = SERIES_TYPES[input.u8()];
  if (lane === undefined || type === undefined) throw new GatewayError('corrupt', `series ${id}: unknown lane or type`);
  return { id, lane, type, device: input.text(), point: input.text(), unit: input.text() };
}

function writeQuarantined(out: ByteWriter, message: QuarantinedMessage): void {
  out.f64(message.atMs);
  out.text(message.topic);
  out.text(message.reason);
  out.varint(message.sample.length);
  out.raw(message.sample);
}

function readQuarantined(input: ByteReader): QuarantinedMessage {
  return { atMs: input.f64(), topic: input.text(), reason: input.text(), sample: input.raw(input.varint()).slice() };
}
