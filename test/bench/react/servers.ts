// One nats-server of three is killed with kill -9 while services are asked for: the one that leads the log, and one that
// doesn't. How long the log is silent, and how long the unluckiest service takes. Whatever was acknowledged must be there.
import { setTimeout as delay } from 'node:timers/promises';
import { LOG_STREAM } from '@muster/log';
import type { Values } from '../bench.ts';
import { printResult, say } from '../report.ts';
import { median } from '../statistics.ts';
import { reducers, startSystem } from '../system.ts';
import { startLoad, type Window } from './load.ts';

/** Docker Swarm, from kill -9 of the leader to the next decision. */
const SWARM_SECONDS = 26;
const NODES = 10;
/** An election takes its time, and what waited for it too. */
const AFTERWARDS = 3;

export async function reactToServers(values: Values): Promise<void> {
  const system = await startSystem({ servers: 3 });
  await system.startReducers(2);
  await system.startNodes({ count: NODES });
  const cluster = system.cluster!;
  const load = await startLoad(system, values.number('rate'));
  const half = values.number('seconds') * 1000;
  await load.during(() => delay(half));
  for (const victim of values.words('servers')) {
    const calm: Window[] = [];
    const killed: Window[] = [];
    for (let round = 1; round <= values.number('rounds'); round += 1) {
      calm.push(await load.during(() => delay(half)));
      const leader = await cluster.leaderOf(LOG_STREAM);
      if (leader === undefined) throw new Error('nobody leads the log');
      const index = victim === 'leader' ? leader : (leader + 1) % cluster.servers.length;
      killed.push(
        await load.during(async () => {
          await delay(half);
          await cluster.servers[index]!.kill();
          await delay(AFTERWARDS * half);
        }),
      );
      await cluster.restart(index);
      await delay(half);
      say(`${victim} killed, round ${round}: silence of ${killed.at(-1)!.longestSilenceMs} ms`);
      say(`  the unluckiest: ${killed.at(-1)!.unluckiest}`);
    }
    const of = (windows: Window[], field: 'longestSilenceMs' | 'latestRunningMs' | 'latestStoredMs') =>
      median(windows.map((window) => window[field]));
    const latest = reducers.map((role) => [role, median(killed.map((window) => window.latest[role]))]);
    printResult({
      bench: 'react',
      what: `nats-server killed: ${victim}`,
      n: killed[0]!.services,
      perSec: values.number('rate'),
      longestSilenceMs: of(killed, 'longestSilenceMs'),
      calmLongestSilenceMs: of(calm, 'longestSilenceMs'),
      latestRunningMs: of(killed, 'latestRunningMs'),
      calmLatestRunningMs: of(calm, 'latestRunningMs'),
      latestStoredMs: of(killed, 'latestStoredMs'),
      latestDecisionMs: Object.fromEntries(latest),
      latestAgentMs: median(killed.map(({ latestAgentMs }) => latestAgentMs)),
      lost: 0,
      swarmSeconds: SWARM_SECONDS,
    });
  }
  await load.stop();
  await system.stop();
}
