// One of two copies of a reducer is killed with kill -9 while services are asked for; beside it the same time without a
// death. How late the latest decision of that reducer is, which is what the survivor had to take over.
import { setTimeout as delay } from 'node:timers/promises';
import type { Values } from '../bench.ts';
import { printResult, say } from '../report.ts';
import { median } from '../statistics.ts';
import { type ReducerRole, startSystem } from '../system.ts';
import { startLoad, type Window } from './load.ts';

/** Docker Swarm, from kill -9 of the leader to the next decision. */
const SWARM_SECONDS = 26;
const NODES = 10;

export async function reactToReducers(values: Values): Promise<void> {
  const system = await startSystem();
  const copies = await system.startReducers(2);
  await system.startNodes({ count: NODES });
  const load = await startLoad(system, values.number('rate'));
  const half = values.number('seconds') * 1000;
  await load.during(() => delay(half));
  for (const role of values.words('victims') as ReducerRole[]) {
    const calm: Window[] = [];
    const killed: Window[] = [];
    for (let round = 1; round <= values.number('rounds'); round += 1) {
      calm.push(await load.during(() => delay(2 * half)));
      killed.push(
        await load.during(async () => {
          await delay(half);
          await copies[role].shift()!.kill();
          await delay(half);
        }),
      );
      copies[role].push(await system.start(role));
      say(`${role} killed, round ${round}: latest decision after ${killed.at(-1)!.latest[role]} ms`);
    }
    const of = (windows: Window[], field: (window: Window) => number) => median(windows.map(field));
    printResult({
      bench: 'react',
      what: `${role} killed`,
      n: killed[0]!.services,
      perSec: values.number('rate'),
      latestDecisionMs: of(killed, ({ latest }) => latest[role]),
      calmLatestDecisionMs: of(calm, ({ latest }) => latest[role]),
      latestRunningMs: of(killed, ({ latestRunningMs }) => latestRunningMs),
      calmLatestRunningMs: of(calm, ({ latestRunningMs }) => latestRunningMs),
      longestSilenceMs: of(killed, ({ longestSilenceMs }) => longestSilenceMs),
      calmLongestSilenceMs: of(calm, ({ longestSilenceMs }) => longestSilenceMs),
      swarmSeconds: SWARM_SECONDS,
    });
  }
  await load.stop();
  await system.stop();
}
