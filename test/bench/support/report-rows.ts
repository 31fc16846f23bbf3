/** Rows of the table from what was measured. */
import type { GatewayFigures } from './gateway-run.ts';
import type { LoadShape } from './load-run.ts';
import type { PeerFigures } from './node-red-search.ts';
import { figure, type Row } from './table.ts';

/** Without and with a cloud on the same machine: its server and sink then share the cores. */
export const PLACES = { store: 'store only', cloud: 'with nats-server and sink' } as const;
export type Place = keyof typeof PLACES;

export interface Shape {
  readonly name: string;
  readonly load: LoadShape;
  readonly pointsTarget: number;
  /** Messages a second at which the search for the peer's rate begins. */
  readonly peerFirstRate: number;
  /** As fast as it goes. */
  readonly full: Partial<Record<Place, GatewayFigures>>;
  /** At half of that. */
  readonly half: Partial<Record<Place, GatewayFigures>>;
  peer?: PeerFigures;
}

/** Of the design: docs/reference/benchmarks.md. */
const TARGETS = { pssMb: 90, bytesPerPoint: 2, moduleP99Ms: 8.3, timesNodeRed: 20 };

export function rateRow(place: Place, { name, full, pointsTarget }: Shape): Row {
  const { pointsPerSecond, cores, balanced, isAllConfirmed, confirmedAtEnd, load } = full[place]!;
  const percent = (points: number) => `${figure((100 * points) / load.points)} %`;
  const note = [
    balanced ? 'ledger balances' : 'LEDGER DOES NOT BALANCE',
    `${cores.toFixed(2)} cores, load generator ${load.cores.toFixed(2)}`,
    notSeen(full[place]!),
    place === 'cloud' &&
      `${percent(confirmedAtEnd)} confirmed meanwhile, ${isAllConfirmed ? 'all' : 'not all'} in the end`,
  ];
  return {
    ...{ what: `${name}, ${PLACES[place]}`, value: pointsPerSecond, unit: 'points/s' },
    target: { at: 'least', value: pointsTarget },
    note: note.filter(Boolean).join('; '),
  };
}

export function latencyRows(place: Place, { name, half }: Shape): Row[] {
  const { load, moduleP50Ms, moduleP99Ms, pointsPerSecond } = half[place]!;
  const row = (what: string, value: number | null, rest: Partial<Row> = {}): Row => {
    return { what: `${what}, ${name}, ${PLACES[place]}`, value, unit: 'ms', ...rest };
  };
  const at = `at ${figure(pointsPerSecond)} points/s`;
  return [
    row('publish to PUBACK p50', load.ackP50Ms, { note: at }),
    row('publish to PUBACK p99', load.ackP99Ms),
    row('publish to module output p50', moduleP50Ms, { note: notSeen(half[place]!) }),
    row('publish to module output p99', moduleP99Ms, { target: { at: 'most', value: TARGETS.moduleP99Ms } }),
  ];
}

export function writtenRow(what: string, place: Place, { bytesPerPoint, pointsPerSecond }: GatewayFigures): Row {
  return {
    ...{ what: `${what}, ${PLACES[place]}`, value: bytesPerPoint, unit: 'B/point' },
    target: { at: 'most', value: TARGETS.bytesPerPoint },
    note: `at ${figure(pointsPerSecond)} points/s`,
  };
}

export function memoryRow(what: string, { pssMb, anonymousMb }: GatewayFigures['idle']): Row {
  return {
    ...{ what, value: pssMb, unit: 'MB PSS', target: { at: 'most', value: TARGETS.pssMb } },
    note: `${figure(anonymousMb)} MB resident and anonymous`,
  };
}

export function peerRows({ name, peer }: Shape): Row[] {
  const { pointsPerSecond, p50Ms, p99Ms } = peer!;
  return [
    { what: `sustained, ${name}`, value: pointsPerSecond, unit: 'points/s' },
    { what: `publish to flow output p50, ${name}`, value: p50Ms, unit: 'ms', note: 'at half that rate' },
    { what: `publish to flow output p99, ${name}`, value: p99Ms, unit: 'ms' },
  ];
}

/** Store only: the peer has no cloud beside it either. */
export function ratioRows({ name, full, half, peer }: Shape): Row[] {
  const rows: Row[] = [];
  const target = { at: 'least', value: TARGETS.timesNodeRed } as const;
  if (full.store !== undefined) {
    const value = full.store.pointsPerSecond / peer!.pointsPerSecond;
    rows.push({ what: `points/s, ${name}`, value, unit: 'times', target });
  }
  if (half.store?.moduleP99Ms && peer!.p99Ms !== null) {
    const value = peer!.p99Ms / half.store.moduleP99Ms;
    rows.push({
      what: `p99 to output, ${name}, each at half its own rate`,
      value,
      unit: 'times',
      note: 'above 1: shorter',
    });
  }
  return rows;
}

function notSeen({ skippedPoints, load }: GatewayFigures): string {
  return skippedPoints === 0 ? '' : `${figure((100 * skippedPoints) / load.points)} % skipped by modules`;
}
