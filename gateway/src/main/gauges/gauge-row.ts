import type { StatusDocument } from '../status-report.ts';

export interface GaugeValue {
  readonly value: number;
  readonly labels?: Record<string, string>;
}

/** One metric of `/metrics` that is read from the status document. */
export interface GaugeRow {
  readonly name: string;
  readonly unit: string;
  readonly help: string;
  /** Only grows. */
  readonly isCounter?: boolean;
  readonly read: (status: StatusDocument) => GaugeValue[];
}

export type Read = GaugeRow['read'];

/** A value that only grows. */
export function counted(name: string, help: string, read: Read, unit = '1'): GaugeRow {
  return { name, unit, help, isCounter: true, read };
}

/** A value that goes up and down. */
export function level(name: string, help: string, read: Read, unit = '1'): GaugeRow {
  return { name, unit, help, read };
}

/** Values at two quantiles; none while there is none. */
export function quantiles(p50: number | null, p99: number | null, labels: Record<string, string> = {}): GaugeValue[] {
  if (p50 === null || p99 === null) return [];
  return [
    { value: p50, labels: { ...labels, quantile: '0.5' } },
    { value: p99, labels: { ...labels, quantile: '0.99' } },
  ];
}
