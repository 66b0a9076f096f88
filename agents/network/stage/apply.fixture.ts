// Makes a data path as its input says, and may be killed before one of its forks, by itself and without a chance to tidy up.
import { subscribe } from 'node:diagnostics_channel';
import { json } from 'node:stream/consumers';
import { COMMANDS } from '../kernel/run.ts';
import type { NetworkPlan } from '../plan.ts';
import { Router, type RouterOptions } from '../router.ts';

export interface Errand {
  readonly options: RouterOptions;
  readonly plan: NetworkPlan;
  readonly killAtFork: number;
}

const { options, plan, killAtFork } = (await json(process.stdin)) as Errand;
let forks = 0;
subscribe(COMMANDS, () => {
  if (++forks === killAtFork) process.kill(process.pid, 'SIGKILL');
});
const { failures } = await new Router(options).apply(plan);
if (failures.length > 0) throw new Error(JSON.stringify(failures));
