import type { Status } from '@muster/api';
import { describe, expect, it } from 'vitest';
import { compareLooks } from './compare.ts';
import { makeLook, makeProcess, makeRole } from './looks.fixture.ts';
import { layOutTop, overwrite, showTopRow, summarise, topColumns } from './top-list.ts';

const looks = [
  makeLook([makeProcess([makeRole()])]),
  makeLook([makeProcess([makeRole({ decisions: 1_010 })], { uptimeMs: 11_000, cpuMs: 750 })], {
    logHead: 350,
    takenAt: 1_000,
  }),
] as const;
const [row] = compareLooks(...looks).map(showTopRow);

describe('a row', () => {
  it('is text, with a dash for what is not known', () => {
    expect(row).toMatchObject({
      Role: 'scheduler',
      PID: '7',
      Lag: '250',
      Decisions: '1000',
      Conflicts: '0',
      RoundTrip: '-',
      Queue: '3',
      CPUPerc: '25.0%',
      MemUsage: '64MiB',
      Status: 'ready',
    });
    expect(Object.values(row!).every((value) => typeof value === 'string')).toBe(true);
  });

  it('has a field for every column', () => {
    expect(topColumns.filter(({ field }) => row![field] === undefined)).toEqual([]);
  });

  it('says what is wrong', () => {
    const halted = makeLook([makeProcess([makeRole({ trouble: 'halted: unknown event' })])]);
    expect(showTopRow(compareLooks(undefined, halted)[0]!).Status).toBe('halted: unknown event');
  });
});

describe('the table', () => {
  const long = {
    ...row!,
    Host: 'a-machine-with-a-name-as-long-as-some-have-it',
    Status: 'log-followed: interrupted',
  };

  it.each([64, 80, 100, 120, 160, 200])('fits %d columns, and keeps what matters most', (width) => {
    const lines = layOutTop([row!, long], { width }).trimEnd().split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
    for (const header of ['ROLE', 'LAG', 'DECISIONS/S', 'P99', 'STATUS']) expect(lines[0]).toContain(header);
  });

  it.each([
    ['copies of one process', { Copy: '2' }, 'COPY'],
    ['processes of one machine', { Copy: 'scheduler-12345', PID: '12345' }, 'PID'],
    ['machines', { Host: 'beta' }, 'HOST'],
  ])('keeps, at 80 columns, the one by which %s differ', (_, fields, header) => {
    const lines = layOutTop([row!, { ...row!, ...fields }], { width: 80 })
      .trimEnd()
      .split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines[0]).toContain(header);
    expect(lines[1]).not.toBe(lines[2]);
  });

  it('shows every column where there is room, or nobody to be narrow', () => {
    for (const width of [300, undefined]) {
      const [header] = layOutTop([row!], { width }).split('\n');
      expect(header!.split(/ {2,}/)).toEqual(topColumns.map((column) => column.header));
    }
  });

  it('shows as many rows as there is room for, and says how many are left', () => {
    const lines = layOutTop([row!, row!, row!, row!], { height: 2 }).trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    expect(lines.at(-1)).toBe('… and 2 more');
  });

  it('is a header when there is nobody', () => {
    expect(layOutTop([], { width: 80 })).toMatch(/^ROLE .*STATUS\n$/);
  });
});

describe('the summary', () => {
  const status = {
    wireVersion: 1,
    nodesReading: [],
    nodes: { ready: 2, down: 1 },
    services: 4,
    tasks: { running: 118, pending: 2 },
    unavailable: { pause: 0, drain: 0 },
    openIntents: 1,
  } as Partial<Status> as Status;

  it('is the cluster in a line', () => {
    expect(summarise(looks[0], { ...looks[1], status })).toBe(
      'nodes 2 ready, 1 down · services 4 · tasks 118 running, 2 pending · intents waiting 1 · log 350 records, 250 a second',
    );
  });

  it('says which version the cluster is going to, and who holds it back', () => {
    const roles = [makeRole({ reads: 2 }), makeRole({ copy: 'scheduler-8' })];
    const now = { ...makeLook([makeProcess(roles)]), status };
    expect(summarise(undefined, now)).toMatch(
      / · wire version 1, going to 2, held back: scheduler-8 on alpha reads 1$/,
    );
  });

  it('says so when no API answers', () => {
    expect(summarise(undefined, looks[0])).toBe('no API answers · log 100 records');
  });
});

it('keeps each line of the screen on one line, however narrow it is', () => {
  expect(overwrite('a long summary\n\nrow\n', 6)).toBe('\x1b[Ha long\x1b[K\n\x1b[K\nrow\x1b[K\n\x1b[J');
});
