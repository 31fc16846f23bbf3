/** OpenTelemetry metrics for `/metrics`: hot counters are read from shared memory, the rest is asked for, once a scrape. */
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { COUNTERS, readCounter } from '../../core/model/counters.ts';

/** A value asked for at each scrape. */
export interface Gauge {
  readonly name: string;
  readonly unit: string;
  readonly help: string;
  /** Each value with its labels. */
  readonly read: () => Iterable<{ value: number; labels?: Record<string, string> }>;
  /** Only grows. */
  readonly isCounter?: boolean;
}

/** Collects only when asked to. */
class ScrapeReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

export class Metrics {
  readonly #reader = new ScrapeReader();
  readonly #serializer = new PrometheusSerializer();

  constructor(counters: SharedArrayBuffer, gauges: readonly Gauge[]) {
    const provider = new MeterProvider({ readers: [this.#reader] });
    const meter = provider.getMeter('tidegate');
    for (const { name, unit, help } of COUNTERS) {
      meter
        .createObservableCounter(name, { unit, description: help })
        .addCallback((result) => result.observe(readCounter(counters, name)));
    }
    for (const { name, unit, help, read, isCounter } of gauges) {
      const options = { unit, description: help };
      const instrument = isCounter
        ? meter.createObservableCounter(name, options)
        : meter.createObservableGauge(name, options);
      instrument.addCallback((result) => {
        for (const { value, labels } of read()) result.observe(value, labels);
      });
    }
  }

  /** The Prometheus text format. */
  async render(): Promise<string> {
    const { resourceMetrics } = await this.#reader.collect();
    return this.#serializer.serialize(resourceMetrics);
  }
}
