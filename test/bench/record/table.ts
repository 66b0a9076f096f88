// The tables of docs/benchmarks/README.md, made of results. Pure.
import type { Result } from '../report.ts';

interface Table {
  readonly of: string;
  readonly title: string;
  /** Headings, each with the field that is under it; "peakMb.control" is a field of a field. */
  readonly columns: Readonly<Record<string, string>>;
  readonly takes?: (result: Result) => boolean;
}

const tables: readonly Table[] = [
  {
    of: 'place',
    title: '`place`: decisions in one thread',
    columns: {
      nodes: 'nodes',
      'group size': 'groupSize',
      constraints: 'constraints',
      'spread preferences': 'preferences',
      'decisions/s': 'decisionsPerSec',
      'whole ticks/s': 'ticksPerSec',
    },
  },
  {
    of: 'pipeline',
    title: '`pipeline`: a service of so many tasks, from intent to RUNNING',
    takes: ({ what }) => what === 'rate',
    columns: {
      tasks: 'n',
      seconds: 'seconds',
      'tasks/s': 'perSec',
      'SwarmKit = 1': 'ratioToSwarmKit',
      'CPU s per 1,000': 'cpuSecondsPer1000',
    },
  },
  {
    of: 'pipeline',
    title: '`pipeline`: one task at rest, from intent to RUNNING',
    takes: ({ what }) => what === 'latency',
    columns: { services: 'n', 'p50 ms': 'p50Ms', 'p99 ms': 'p99Ms', 'verdict p50 ms': 'verdictP50Ms' },
  },
  {
    of: 'scale-out',
    title: '`scale-out`: copies of each reducer, each its own process',
    columns: {
      copies: 'n',
      'decisions/s': 'decisionsPerSec',
      'one copy = 1': 'ratioToFirst',
      'tasks/s': 'tasksPerSec',
      'share of appends refused': 'conflictShare',
      'void decisions': 'voids',
      'CPU s per 1,000 tasks': 'cpuSecondsPer1000',
    },
  },
  {
    of: 'c1m',
    title: '`c1m`: from the first intent to the last RUNNING',
    columns: {
      tasks: 'n',
      nodes: 'nodes',
      seconds: 'seconds',
      'tasks/s': 'perSec',
      'Nomad = 1': 'ratioToNomad',
      'CPU s per 1,000': 'cpuSecondsPer1000',
      'control MB': 'peakMb.control',
      'nats MB': 'peakMb.nats',
      'on disk MB': 'storedMb',
    },
  },
  {
    of: 'react',
    title: '`react`: a container or a node is lost; ms from the loss',
    takes: ({ runningMs }) => runningMs !== undefined,
    columns: {
      lost: 'what',
      'policy ms': 'policyMs',
      'known down': 'downMs',
      'replacements assigned': 'assignedMs',
      'beyond the policy': 'assignedBeyondPolicyMs',
      running: 'runningMs',
      'Swarm s': 'swarmSeconds',
    },
  },
  {
    of: 'react',
    title: '`react`: a reducer or a nats-server is killed under load; longest of all, in ms',
    takes: ({ runningMs }) => runningMs === undefined,
    columns: {
      killed: 'what',
      'its latest decision': 'latestDecisionMs',
      'without a death': 'calmLatestDecisionMs',
      'the log is silent': 'longestSilenceMs',
      'a task to RUNNING': 'latestRunningMs',
      ' without a death': 'calmLatestRunningMs',
      'Swarm s': 'swarmSeconds',
    },
  },
  {
    of: 'rebuild',
    title: '`rebuild`: a cold start',
    columns: {
      from: 'system',
      'live tasks': 'n',
      history: 'history',
      records: 'records',
      seconds: 'seconds',
      'peak MB': 'peakMb',
      'longest pause ms': 'pauseMs',
      'snapshot MB': 'snapshotMb',
    },
  },
  {
    of: 'fair',
    title: '`fair`: what the other teams wait, in ms',
    columns: {
      '': 'system',
      'flood of': 'n',
      'verdict p50': 'verdictP50Ms',
      'verdict p99': 'verdictP99Ms',
      'then assigned p99': 'assignedP99Ms',
      'then running p99': 'runningP99Ms',
      'calm = 1 (p99 in all)': 'p99RatioToCalm',
    },
  },
  {
    of: 'growth',
    title: '`growth`: one thing at a time',
    columns: {
      grows: 'by',
      times: 'factor',
      tasks: 'n',
      nodes: 'nodes',
      services: 'services',
      history: 'history',
      'tasks/s': 'perSec',
      'one more: p50 ms': 'singleP50Ms',
      'p99 ms': 'singleP99Ms',
      'CPU s per 1,000': 'cpuSecondsPer1000',
      'control MB': 'peakMb.control',
    },
  },
];

/** Everything there are results of, by benchmark. */
export function writeTables(results: ReadonlyMap<string, readonly Result[]>): string {
  const parts: string[] = [];
  for (const { of, title, columns, takes = () => true } of tables) {
    const rows = (results.get(of) ?? []).filter((result) => result.bench === of && takes(result));
    if (rows.length === 0) continue;
    const headings = Object.keys(columns);
    const lines = [headings, headings.map(() => '---')];
    for (const row of rows) lines.push(Object.values(columns).map((field) => show(find(row, field))));
    parts.push(`### ${title}\n\n${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}`);
  }
  return parts.join('\n\n');
}

function find(result: Result, path: string): unknown {
  let value: unknown = result;
  for (const name of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[name];
  return value;
}

function show(value: unknown): string {
  if (value === undefined || value === null) return '–';
  if (typeof value !== 'number') return typeof value === 'object' ? showWorst(value) : String(value);
  if (Number.isInteger(value)) return value.toLocaleString('en');
  return value >= 1000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
}

/** Of several by name, the one that matters. */
function showWorst(byName: object): string {
  const [name, value] = Object.entries(byName).reduce((a, b) => (b[1] > a[1] ? b : a));
  return `${show(value)} (${name})`;
}
