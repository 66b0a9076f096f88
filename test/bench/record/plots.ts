// Which plots are made of which results. Pure.
import type { Result } from '../report.ts';
import type { Chart, Series } from './chart.ts';

export interface Plot {
  readonly file: string;
  /** The benchmark whose results it shows. */
  readonly of: string;
  make(results: readonly Result[]): Chart;
}

const SWARMKIT = {
  'SwarmKit, one by one': [
    [1e3, 9600],
    [1e4, 1000],
    [1e5, 38],
  ],
  'SwarmKit, groups of 1,000': [
    [1e3, 325e3],
    [1e4, 157e3],
    [1e5, 24.9e3],
  ],
} as const;

export const plots: readonly Plot[] = [
  {
    file: 'place.svg',
    of: 'place',
    make: (results) => ({
      title: 'Placement decisions a second, one thread',
      x: 'nodes',
      y: 'decisions a second',
      series: [
        ...seriesBy(
          results.filter(({ preferences }) => preferences === 0),
          ({ groupSize, constraints }) => `groups of ${groupSize}, ${constraints} constr.`,
          'nodes',
          'decisionsPerSec',
        ),
        ...Object.entries(SWARMKIT).map(([name, points]) => ({ name, points, dashed: true })),
      ],
    }),
  },
  {
    file: 'scale-out.svg',
    of: 'scale-out',
    make: (results) => ({
      title: 'More copies of each reducer, on the same machine',
      x: 'copies of each',
      y: 'a second',
      series: [
        { name: 'decisions', points: pointsOf(results, 'n', 'decisionsPerSec') },
        { name: 'tasks', points: pointsOf(results, 'n', 'tasksPerSec') },
      ],
    }),
  },
  {
    file: 'rebuild.svg',
    of: 'rebuild',
    make: (results) => ({
      title: 'A cold start: seconds until an orchestrator is ready',
      x: 'live tasks',
      y: 'seconds',
      series: seriesBy(
        results.filter(({ system, history }) => system !== 'take' && history === 0),
        ({ system }) => `from the ${system}`,
        'n',
        'seconds',
      ),
    }),
  },
  growthPlot('growth-rate.svg', 'perSec', 'How the rate grows', 'tasks a second to RUNNING'),
  growthPlot('growth-latency.svg', 'singleP50Ms', 'How the latency of one more task grows', 'ms (median)'),
  growthPlot('growth-cost.svg', 'cpuSecondsPer1000', 'How the cost grows', 'CPU seconds for 1,000 tasks'),
];

function growthPlot(file: string, field: string, title: string, y: string): Plot {
  return {
    file,
    of: 'growth',
    make: (results) => ({
      title,
      x: 'times as many',
      y,
      series: seriesBy(results, ({ by }) => `${by}`, 'factor', field),
    }),
  };
}

function seriesBy(
  results: readonly Result[],
  name: (result: Result) => string,
  x: string,
  y: string,
): Series[] {
  // Node 20 has no Map.groupBy.
  const groups = new Map<string, Result[]>();
  for (const result of results) groups.set(name(result), [...(groups.get(name(result)) ?? []), result]);
  return [...groups].map(([title, group]) => ({ name: title, points: pointsOf(group, x, y) }));
}

function pointsOf(results: readonly Result[], x: string, y: string): [number, number][] {
  return results.map((result) => [Number(result[x]), Number(result[y])]);
}
