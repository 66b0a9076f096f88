// Tests by kind, which their names tell. Cheap kinds first; e2e shares one engine, so one file at a time;
// what is to heal within seconds, or is measured, has the machine to itself.
import { defineConfig } from 'vitest/config';

const anywhere = (name: string) => [`{shared,services,agents,cli,simulation,deploy,test}/**/${name}`];
const report = process.env.MUSTER_TEST_REPORT;
const minutes = (count: number) => count * 60_000;

/** Integration tests that say how long something takes, where another test beside them would be noticed. */
const measured = [
  'shared/log/jetstream/**/{lagging-server,large-cluster}.int.test.ts',
  'agents/resolver/**/*.int.test.ts',
  'test/integration/{completion,copies,forming,heavy-reads,quorum-loss,server-loss,sharing}.int.test.ts',
  'test/hostile/hostile.int.test.ts',
];

export default defineConfig({
  test: {
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    projects: [
      {
        test: {
          name: 'unit',
          include: anywhere('*.test.ts'),
          exclude: anywhere('*.{int,e2e,sim,cluster}.test.ts').concat('**/node_modules/**'),
          pool: 'threads',
          isolate: false,
          maxWorkers: 2,
          // None of them waits for anything: so long takes only what hangs.
          testTimeout: minutes(2),
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'sim',
          include: anywhere('*.sim.test.ts'),
          testTimeout: minutes(5),
          // Their time is virtual: none of them minds another one beside it.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'int',
          include: anywhere('*.int.test.ts'),
          exclude: [...measured, '**/node_modules/**'],
          testTimeout: minutes(2),
          hookTimeout: minutes(2),
          // Most of what they do is waiting.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'alone',
          include: measured,
          testTimeout: minutes(2),
          hookTimeout: minutes(2),
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: anywhere('*.e2e.test.ts'),
          globalSetup: ['test/e2e/engine.ts'],
          setupFiles: ['test/e2e/require-engine.ts'],
          testTimeout: minutes(3),
          hookTimeout: minutes(3),
          fileParallelism: false,
          sequence: { groupOrder: 4 },
        },
      },
      {
        test: {
          name: 'cluster',
          include: anywhere('*.cluster.test.ts'),
          testTimeout: minutes(3),
          hookTimeout: minutes(2),
          fileParallelism: false,
          sequence: { groupOrder: 5 },
        },
      },
    ],
  },
});
