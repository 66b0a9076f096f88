// A machine whose clock is ten minutes ahead decides by the log's time all the same.
import { afterEach, expect, it } from 'vitest';
import { controlRoles, startCluster, type TestCluster } from '../harness/cluster.ts';
import { areReady } from '../harness/sightings.ts';

const AHEAD_MS = 600_000;
const DELAY_MS = 2_000;
/** The program finds such a clock, whatever the machine's own says. */
const ahead = {
  NODE_OPTIONS: `--import=data:text/javascript,const%20now=Date.now;Date.now=()=>now()+${AHEAD_MS}`,
};

let cluster: TestCluster;
afterEach(() => cluster?.stop());

it('lets nobody wait for a restart that a copy with a clock far ahead has decided', async () => {
  cluster = await startCluster();
  for (const role of controlRoles) await cluster.launch([role, '--metrics', '0'], ahead);
  await cluster.startAgent('one', { backend: 'process' });
  const watch = await cluster.watch();
  await watch.until('a node', areReady(1));
  const restart = { delay: DELAY_MS * 1e6 };
  await cluster.intend(watch, 'create', 'job', { image: 'process', command: ['false'], restart });
  const decided = await watch.until('a restart', () =>
    watch
      .events('service.reconciled')
      .flatMap(({ time, event }) => event.created.map(({ cause, startAt }) => ({ cause, startAt, time })))
      .find(({ cause }) => cause === 'restart'),
  );
  expect(decided.startAt! - decided.time).toBeLessThan(2 * DELAY_MS);
  await watch.until(
    'another run',
    ({ state }) => [...state.tasks.values()].filter(({ generation }) => generation > 1).length > 0,
  );

  const { stdout } = await cluster.run(['doctor']);
  expect(stdout).toMatch(/clocks +the clock of \S+ is 60\d\.\d s ahead of the log's/);
});
