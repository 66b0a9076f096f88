// The metrics as Prometheus reads them: the table of metrics.ts in a registry, filled from one look when it is scraped.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { BOUNDS_MS, type Durations } from './durations.ts';
import type { DurationMetric, Labels, ValueMetric } from './metric.ts';
import { metrics } from './metrics.ts';
import type { RoleReading } from './observed.ts';

export interface PrometheusExport {
  readonly contentType: string;
  readonly names: readonly string[];
  print(readings: readonly RoleReading[]): Promise<string>;
}

export function createPrometheusExport(version: string): PrometheusExport {
  const registry = new Registry();
  let readings: readonly RoleReading[] = [];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'muster_build_info',
    help: 'Always 1; the version of the program is a label.',
    labelNames: ['version'],
    registers: [registry],
  }).set({ version }, 1);
  for (const metric of metrics) {
    if (metric.type === 'histogram') registry.registerMetric(new DurationHistogram(metric, () => readings));
    else register(metric, registry, () => readings);
  }
  return {
    contentType: registry.contentType,
    names: registry.getMetricsAsArray().map(({ name }) => name),
    async print(seen) {
      readings = seen;
      return registry.metrics();
    },
  };
}

function register(metric: ValueMetric, registry: Registry, look: () => readonly RoleReading[]): void {
  const { name, help, type, labels = [] } = metric;
  const settings = { name, help, labelNames: ['role', ...labels], registers: [registry] };
  if (type === 'gauge') {
    new Gauge({
      ...settings,
      collect() {
        this.reset();
        for (const { labels: of, value } of mergeSamples(metric, look())) this.set(of, value);
      },
    });
    return;
  }
  new Counter({
    ...settings,
    collect() {
      this.reset();
      for (const { labels: of, value } of mergeSamples(metric, look())) this.inc(of, value);
    },
  });
}

interface Series {
  readonly labels: Labels;
  value: number;
}

function mergeSamples({ merge, read }: ValueMetric, readings: readonly RoleReading[]): Iterable<Series> {
  const series = new Map<string, Series>();
  for (const reading of readings) {
    for (const [value, extra] of read(reading)) {
      if (value === undefined) continue;
      const labels = { role: reading.role, ...extra };
      const key = Object.values(labels).join('\n');
      const known = series.get(key);
      if (known === undefined) series.set(key, { labels, value });
      else if (merge === undefined) known.value += value;
      else known.value = merge === 'most' ? Math.max(known.value, value) : Math.min(known.value, value);
    }
  }
  return series.values();
}

/** The library's own histogram counts by itself; this one shows what was counted elsewhere, for less. */
class DurationHistogram extends Histogram<'role' | 'le'> {
  constructor(
    private readonly metric: DurationMetric,
    private readonly look: () => readonly RoleReading[],
  ) {
    super({ name: metric.name, help: metric.help, labelNames: ['role'], registers: [] });
  }

  /** Both `get` and the registry ask this for what is to be shown; the library's types leave it out. */
  async getForPromString() {
    const { name, help, type } = this.metric;
    const byRole = new Map<string, Durations[]>();
    for (const reading of this.look()) {
      const durations = this.metric.read(reading);
      if (durations.totalMs > 0) byRole.set(reading.role, [...(byRole.get(reading.role) ?? []), durations]);
    }
    const values = [...byRole].flatMap(([role, durations]) => listBuckets(name, role, durations));
    return { name, help, type, values, aggregator: 'sum' };
  }
}

function listBuckets(name: string, role: string, durations: readonly Durations[]) {
  const values: { metricName: string; labels: { role: string; le?: string | number }; value: number }[] = [];
  let below = 0;
  for (const [bucket, upperMs] of [...BOUNDS_MS, Number.POSITIVE_INFINITY].entries()) {
    for (const { counts } of durations) below += counts[bucket]!;
    const le = upperMs === Number.POSITIVE_INFINITY ? '+Inf' : upperMs / 1000;
    values.push({ metricName: `${name}_bucket`, labels: { le, role }, value: below });
  }
  const totalMs = durations.reduce((sum, one) => sum + one.totalMs, 0);
  values.push({ metricName: `${name}_sum`, labels: { role }, value: totalMs / 1000 });
  values.push({ metricName: `${name}_count`, labels: { role }, value: below });
  return values;
}
