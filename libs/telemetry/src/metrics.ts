import { AppError } from '@prad/errors';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const NAME = /^prad(_[a-z0-9]+)+$/;
const UNITS = /_(seconds|bytes|tokens|ratio|norm|steps|rows|adapters)$/;

/** Bucket limits in seconds, from a decode step to a long prefill. */
export const latencyBuckets = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
] as const;

interface Description<L extends string> {
  /** `prad_` and what is measured; counters end in `_total`, histograms in their unit. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly L[];
}

/** The process's measurements, read at /metrics. Names that break Prometheus' conventions are refused. */
export class Metrics {
  private readonly registry = new Registry();

  /** `service` labels every measurement; memory, CPU and event loop of the process are measured too. */
  constructor(service: string) {
    this.registry.setDefaultLabels({ service });
    collectDefaultMetrics({ register: this.registry });
  }

  counter<L extends string>({ name, help, labels = [] }: Description<L>): Counter<L> {
    this.check(name, /_total$/, '_total');
    return new Counter({ name, help, labelNames: labels, registers: [this.registry] });
  }

  histogram<L extends string>(
    { name, help, labels = [] }: Description<L>,
    buckets: readonly number[] = latencyBuckets,
  ): Histogram<L> {
    this.check(name, UNITS, 'a unit such as _seconds');
    return new Histogram({
      name,
      help,
      labelNames: labels,
      buckets: [...buckets],
      registers: [this.registry],
    });
  }

  /** `collect` is called before every reading and sets the value. */
  gauge<L extends string>(
    { name, help, labels = [] }: Description<L>,
    collect?: (gauge: Gauge<L>) => void | Promise<void>,
  ): Gauge<L> {
    this.check(name, /(?<!_total)$/, 'no _total');
    return new Gauge({
      name,
      help,
      labelNames: labels,
      registers: [this.registry],
      ...(collect === undefined
        ? {}
        : {
            collect(this: Gauge<L>) {
              return collect(this);
            },
          }),
    });
  }

  /** All measurements in Prometheus' text format. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  private check(name: string, ending: RegExp, expected: string): void {
    if (NAME.test(name) && ending.test(name)) return;
    throw new AppError({
      kind: 'bug',
      code: 'bad_metric_name',
      message: `metric ${name} must be named prad_..., in snake_case, and end in ${expected}`,
    });
  }
}
