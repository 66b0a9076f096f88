// The alert rules and the dashboard are what Prometheus and Grafana can load, and ask for nothing that is not there.
import { readFileSync } from 'node:fs';
import { parser } from '@prometheus-io/lezer-promql';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { metrics } from '../../shared/telemetry/metrics.ts';
import { createPrometheusExport } from '../../shared/telemetry/prometheus.ts';

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');

const duration = z.string().regex(/^\d+[smhd]$/);
/** Prometheus refuses a file with a key that it does not know. */
const ruleFile = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^Muster[A-Za-z]+$/),
          expr: z.string(),
          for: duration.optional(),
          labels: z.strictObject({ severity: z.enum(['critical', 'warning']) }),
          annotations: z.strictObject({ summary: z.string(), description: z.string().optional() }),
        }),
      ),
    }),
  ),
});
const panel = z.looseObject({
  id: z.int(),
  type: z.enum(['row', 'stat', 'timeseries', 'table']),
  title: z.string(),
  gridPos: z.strictObject({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
  targets: z.array(z.object({ refId: z.string(), expr: z.string(), legendFormat: z.string() })).optional(),
});
const dashboard = z.object({
  title: z.string(),
  schemaVersion: z.int(),
  panels: z.array(panel),
  templating: z.object({
    list: z.array(z.object({ name: z.string(), type: z.string(), query: z.string() })),
  }),
});

const rules = ruleFile.parse(parse(read('alerts.yaml'))).groups.flatMap((group) => group.rules);
const { panels, templating } = dashboard.parse(JSON.parse(read('dashboard.json')));
const variables = templating.list.map(({ name }) => name);
const exported = createPrometheusExport('1').names;

interface Query {
  readonly isBroken: boolean;
  readonly metrics: readonly string[];
  /** That it selects by, and that its answer is grouped by; undefined where nothing is grouped. */
  readonly matched: readonly string[];
  readonly grouped: readonly string[] | undefined;
}

/** As Prometheus' own grammar has it. */
function readQuery(text: string): Query {
  const found = { isBroken: false, metrics: [] as string[], matched: [] as string[] };
  let grouped: string[] | undefined;
  parser.parse(text).iterate({
    enter(node) {
      const says = text.slice(node.from, node.to);
      const above = node.node.parent?.name;
      if (node.type.isError) found.isBroken = true;
      if (node.name === 'AggregateExpr') grouped ??= [];
      if (node.name === 'Identifier' && above === 'VectorSelector') found.metrics.push(says);
      if (node.name === 'LabelName' && above === 'GroupingLabels') grouped?.push(says);
      else if (node.name === 'LabelName') found.matched.push(says);
    },
  });
  return { ...found, grouped };
}

/** What is there for a series of the metric, Prometheus' own two included. */
function labelsOf(series: string): readonly string[] {
  const name = nameOf(series);
  const metric = metrics.find((one) => one.name === name);
  const own = metric === undefined ? [] : ['role', ...(('labels' in metric && metric.labels) || [])];
  return [...own, ...(name === series ? [] : ['le']), 'instance', 'job'];
}

const nameOf = (series: string) => series.replace(/_(bucket|sum|count)$/, '');
const withoutVariables = (expr: string) =>
  expr.replaceAll('$__rate_interval', '5m').replaceAll(/\$\w+/g, '.*');

const asked = [
  ...rules.map(({ alert, expr }) => [alert, expr] as const),
  ...panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ refId, expr }) => [`${title} ${refId}`, withoutVariables(expr)] as const),
  ),
];

it('a query with a mistake is found out', () => {
  expect(readQuery('max by (role (muster_nodes) > 0').isBroken).toBe(true);
  expect(readQuery('sum by (le) (rate(a_bucket{role="x"}[5m])) > 1')).toEqual({
    isBroken: false,
    metrics: ['a_bucket'],
    matched: ['role'],
    grouped: ['le'],
  });
});

describe('what alerts and dashboard ask for', () => {
  it.each(asked)('%s', (_, expr) => {
    const query = readQuery(expr);
    expect(query.isBroken).toBe(false);
    expect(query.metrics.length).toBeGreaterThan(0);
    expect(query.metrics.map(nameOf).filter((name) => !exported.includes(name))).toEqual([]);
    const known = query.metrics.flatMap(labelsOf);
    expect([...query.matched, ...(query.grouped ?? [])].filter((label) => !known.includes(label))).toEqual(
      [],
    );
  });
});

describe('alerts', () => {
  it('have names of their own', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });

  it.each(rules.map(({ alert, expr, annotations }) => [alert, expr, annotations] as const))(
    '%s speaks of labels that its answer has',
    (_, expr, annotations) => {
      const query = readQuery(expr);
      const kept = expr.includes('absent(')
        ? query.matched
        : (query.grouped ?? query.metrics.flatMap(labelsOf));
      const named = [...JSON.stringify(annotations).matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label!);
      expect(named.filter((label) => !kept.includes(label))).toEqual([]);
    },
  );

  it('watch all that the guide says is to be watched', () => {
    const guide = readFileSync(new URL('../../docs/guide/observing.md', import.meta.url), 'utf8');
    const table = guide
      .slice(guide.indexOf('## What to watch'))
      .split('\n')
      .filter((line) => line.startsWith('|'));
    const named = table.flatMap((line) =>
      [...line.matchAll(/\b((?:muster|nodejs)_\w+)/g)].map(([, name]) => name!),
    );
    const watched = new Set(rules.flatMap(({ expr }) => readQuery(expr).metrics));
    // A question for whoever upgrades, not an alarm.
    expect([...new Set(named)].filter((name) => !watched.has(name))).toEqual(['muster_wire_version']);
  });
});

describe('the dashboard', () => {
  it('has panels side by side', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { gridPos, type, targets = [] } of panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      expect(targets.length > 0).toBe(type !== 'row');
    }
  });

  it('asks with variables that it has, filled from what there is', () => {
    const text = JSON.stringify(panels);
    const used = [...text.matchAll(/\$\{?(?!__)(\w+)/g)].map(([, name]) => name!);
    expect([...new Set(used)].sort()).toEqual([...variables].sort());
    for (const { type, query } of templating.list) {
      if (type !== 'query') continue;
      const [, metric, label] = /^label_values\((\w+), (\w+)\)$/.exec(query)!;
      expect(labelsOf(metric!)).toContain(label);
      expect(exported).toContain(metric);
    }
  });

  it('names in its legends labels that there are', () => {
    for (const { targets = [] } of panels) {
      for (const { expr, legendFormat } of targets) {
        const { metrics: of, grouped } = readQuery(withoutVariables(expr));
        const named = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!);
        const kept = grouped ?? of.flatMap(labelsOf);
        expect(named.filter((label) => !kept.includes(label))).toEqual([]);
      }
    }
  });
});
