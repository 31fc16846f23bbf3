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

/** Who is measured: the attributes of the resource, in `target_info`. */
export interface Measured {
  /** Of this gateway. */
  readonly id: string;
  readonly version: string;
}

export class Metrics {
  readonly #measured: Measured;
  readonly #reader = new ScrapeReader();
  readonly #serializer = new PrometheusSerializer();

  constructor(measured: Measured, counters: SharedArrayBuffer, gauges: readonly Gauge[]) {
    this.#measured = measured;
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
    const { id, version } = this.#measured;
    const own = { 'service.name': 'tidegate', 'service.instance.id': id, 'service.version': version };
    // A resource is made only by a package that is not a dependency of ours; the serializer reads nothing but attributes.
    const { resource } = resourceMetrics;
    const attributes = { ...resource.attributes, ...own };
    return this.#serializer.serialize({ ...resourceMetrics, resource: { ...resource, attributes } });
  }
}
