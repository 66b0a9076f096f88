// The metrics against the page that describes them, and against what Prometheus makes of them.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BOUNDS_MS } from './durations.ts';
import { metrics } from './metrics.ts';
import { createPrometheusExport } from './prometheus.ts';
import { readAgent, readControl, readResolver } from './readings.fixture.ts';

const page = readFileSync(new URL('../../docs/guide/observing.md', import.meta.url), 'utf8');
const prometheus = createPrometheusExport('1.2.3');

describe('docs/guide/observing.md', () => {
  const rows = page.split('\n').flatMap((line) => {
    const [, name, type, labels, help] = /^\| `(muster_\w+)` \| (\w+) \| (.*?) \| (.*) \|$/.exec(line) ?? [];
    return name === undefined ? [] : [{ name, type, labels, help }];
  });

  it('has a row for every metric of ours, and no other', () => {
    const described = metrics.map((metric) => ({
      name: metric.name,
      type: metric.type,
      labels: ['role', ...('labels' in metric ? (metric.labels ?? []) : [])].join(', '),
      help: metric.help,
    }));
    expect(rows.filter(({ name }) => name !== 'muster_build_info')).toEqual(described);
  });

  it('names everything that is exported', () => {
    const named = new Set([...page.matchAll(/`((?:muster|process|nodejs)_\w+)`/g)].map(([, name]) => name));
    expect([...named].sort()).toEqual(expect.arrayContaining([...prometheus.names].sort()));
    const unknown = [...named].filter((name) => !prometheus.names.includes(name!));
    expect(unknown).toEqual([]);
  });

  it('asks in its alerts for what there is', () => {
    const alerts = page.slice(page.indexOf('## What to watch'));
    const asked = [...alerts.matchAll(/\b((?:muster|nodejs)_\w+?)(?:_bucket)?\b/g)].map(([, name]) => name);
    expect(asked.length).toBeGreaterThan(5);
    expect(asked.filter((name) => !prometheus.names.includes(name!))).toEqual([]);
  });
});

describe('names', () => {
  it.each(metrics.map(({ name, type }) => [name, type]))('%s', (name, type) => {
    expect(name).toMatch(/^muster_[a-z_]+$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    if (type === 'histogram') expect(name).toMatch(/_seconds$/);
  });
});

describe('what is printed', () => {
  const sampleOf = (text: string, series: string) => {
    const line = text.split('\n').find((one) => one.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length + 1));
  };

  it('has the values of the look it is made from, each time anew', async () => {
    const first = await prometheus.print([readControl({ head: 90, logHead: 100 }), readAgent()]);
    expect(sampleOf(first, 'muster_build_info{version="1.2.3"}')).toBe(1);
    expect(sampleOf(first, 'muster_fold_lag_events{role="scheduler"}')).toBe(10);
    expect(sampleOf(first, 'muster_decisions_total{role="scheduler"}')).toBe(2);
    expect(sampleOf(first, 'muster_queue_length{role="scheduler",queue="services"}')).toBe(4);
    expect(sampleOf(first, 'muster_agent_tasks{role="agent",state="running"}')).toBe(2);
    expect(sampleOf(first, 'muster_network_objects{role="agent",kind="endpoints"}')).toBe(3);
    expect(sampleOf(first, 'muster_network_dropped_packets_total{role="agent",reason="spoofed"}')).toBe(1);
    expect(sampleOf(first, 'muster_network_connections{role="agent",space="router"}')).toBe(5);
    expect(sampleOf(first, 'muster_network_incomplete{role="agent"}')).toBe(0);
    const second = await prometheus.print([readControl({ head: 95, logHead: 100 })]);
    expect(sampleOf(second, 'muster_fold_lag_events{role="scheduler"}')).toBe(5);
    expect(sampleOf(second, 'muster_decisions_total{role="scheduler"}')).toBe(2);
    expect(second).not.toContain('muster_agent_tasks{');
  });

  it('has what a resolver counts, and nothing of NATS, which it does not need', async () => {
    const text = await prometheus.print([readResolver({ broken: { 'network-a.json': 'half' } })]);
    expect(sampleOf(text, 'muster_dns_queries_total{role="resolver",result="answered"}')).toBe(7);
    expect(sampleOf(text, 'muster_dns_failures_total{role="resolver",kind="broken-file"}')).toBe(2);
    expect(sampleOf(text, 'muster_dns_upstream_seconds_total{role="resolver"}')).toBe(1.5);
    expect(sampleOf(text, 'muster_dns_objects{role="resolver",kind="askers"}')).toBe(2);
    expect(sampleOf(text, 'muster_dns_broken_files{role="resolver"}')).toBe(1);
    expect(text).not.toMatch(/^muster_(nats|consumer|store|clock|log_clock)\w*\{/m);
  });

  it('leaves out what is not known', async () => {
    const text = await prometheus.print([readControl({ logHead: undefined })]);
    expect(text).not.toMatch(/^muster_(log_head_sequence|fold_lag_events|snapshot_size_bytes)\{/m);
    expect(text).toMatch(/^muster_fold_head_sequence\{/m);
  });

  it('adds up counters of copies in one process, and of gauges shows the worse', async () => {
    const copies = [readControl({ head: 90, logHead: 100 }), readControl({ head: 97, logHead: 100 })];
    const text = await prometheus.print(copies);
    expect(sampleOf(text, 'muster_decisions_total{role="scheduler"}')).toBe(4);
    expect(sampleOf(text, 'muster_fold_lag_events{role="scheduler"}')).toBe(10);
    expect(sampleOf(text, 'muster_fold_head_sequence{role="scheduler"}')).toBe(90);
  });

  it('has histograms whose buckets hold what is below them', async () => {
    const [one, other] = [readControl(), readControl()];
    one.measures.appends.add(2);
    other.measures.appends.add(30);
    other.measures.appends.add(20_000);
    const text = await prometheus.print([one, other]);
    const name = 'muster_append_duration_seconds';
    const at = (le: string) => sampleOf(text, `${name}_bucket{le="${le}",role="scheduler"}`);
    expect([at('0.001'), at('0.0025'), at('0.05'), at('10'), at('+Inf')]).toEqual([0, 1, 2, 2, 3]);
    expect(sampleOf(text, `${name}_count{role="scheduler"}`)).toBe(3);
    expect(sampleOf(text, `${name}_sum{role="scheduler"}`)).toBeCloseTo(20.032);
    expect(text.match(new RegExp(`^${name}_bucket`, 'gm'))).toHaveLength(BOUNDS_MS.length + 1);
  });
});
