// Services of one task at a steady pace, and how long each reducer takes for each of them: from what it waited for being in
// the log to its own word about it.
import { JetStreamCommandStore } from '@muster/log';
import { connectNats } from '@muster/runtime';
import { atEnd } from '../cleanup.ts';
import { giveSteadily } from '../intents.ts';
import { createJourneys, type Journey } from '../journeys.ts';
import { observe } from '../observe.ts';
import type { ReducerRole, System } from '../system.ts';

/** What is left to be done after the load, in a round that lost something. */
const SETTLE_MS = 60_000;

export interface Window {
  /** From a service's turn with a reducer to its decision, in ms: the longest. */
  readonly latest: Readonly<Record<ReducerRole, number>>;
  /** From being given away to being in the log: the client's own share. */
  readonly latestStoredMs: number;
  /** From a task's command to its node's word that it runs: the agent's share. */
  readonly latestAgentMs: number;
  /** From being given away to RUNNING: the longest. */
  readonly latestRunningMs: number;
  /** What the unluckiest one waited for, for whoever looks on. */
  readonly unluckiest: string;
  /** Between one record of the log and the next: the longest. */
  readonly longestSilenceMs: number;
  readonly services: number;
}

export interface Load {
  /** Resolves with what was seen of the services given in this time, once all of them run. */
  during(work: () => Promise<void>): Promise<Window>;
  stop(): Promise<void>;
}

let loads = 0;

export async function startLoad(system: System, perSec: number): Promise<Load> {
  const journeys = createJourneys();
  const times: number[] = [];
  const commandedAt = new Map<string, number>();
  const observer = await observe(system.url, (record) => {
    times.push(record.time);
    journeys.note(record);
  });
  const nc = await connectNats(system.url, { name: 'bench-commands' });
  const commands = await new JetStreamCommandStore(nc).follow({
    onCommand({ taskId }) {
      if (!commandedAt.has(taskId)) commandedAt.set(taskId, Date.now());
    },
    onCaughtUp: () => undefined,
    onError: () => undefined,
  });
  const stop = async () => {
    await commands.stop();
    await nc.close();
    await observer.stop();
  };
  atEnd(stop);

  async function during(work: () => Promise<void>): Promise<Window> {
    loads += 1;
    const prefix = `load${loads}-`;
    const [firstRecord, startedAt] = [times.length, Date.now()];
    const pace = giveSteadily(observer.log, 1000 / perSec, (index) => ({ name: `${prefix}${index}` }));
    await work();
    const endedAt = Date.now();
    await pace.stop();
    const mine = () => journeys.all.filter(({ name }) => name.startsWith(prefix));
    const finished = () => mine().every(({ runningAt }) => runningAt !== undefined);
    await observer.until(
      'the services of the load',
      () => {
        const last = journeys.byName.get(`${prefix}${pace.given - 1}`);
        return last !== undefined && last.runningAt !== undefined && finished();
      },
      SETTLE_MS,
    );
    const all = mine();
    if (all.length !== pace.given)
      throw new Error(`${pace.given} intents were stored, ${all.length} are there`);
    const seen = [startedAt, ...times.slice(firstRecord).filter((time) => time <= endedAt), endedAt];
    const silences = seen.slice(1).map((time, index) => time - seen[index]!);
    const waitOf = (one: Journey) => one.runningAt! - pace.givenAt.get(one.name)!;
    const describeJourney = (one: Journey) => {
      const since = (at: number | undefined) =>
        `${Math.round((at ?? Number.NaN) - pace.givenAt.get(one.name)!)} ms`;
      return `stored ${since(one.storedAt)}, verdict ${since(one.verdictAt)}, created ${since(one.createdAt)}, allocated ${since(one.allocatedAt)}, assigned ${since(one.assignedAt)}, command ${since(commandedAt.get(one.taskId!))}, running ${since(one.runningAt)}`;
    };
    // A command that was replaced before it was seen here has no time.
    const latest = (wait: (one: Journey) => number) => Math.max(...all.map(wait).filter(Number.isFinite));
    return {
      latest: {
        orchestrator: latest((one) => one.createdAt! - one.storedAt),
        allocator: latest((one) => one.allocatedAt! - one.verdictAt!),
        scheduler: latest((one) => one.assignedAt! - Math.max(one.allocatedAt!, one.createdAt!)),
        dispatcher: latest((one) => (commandedAt.get(one.taskId!) ?? Number.NaN) - one.assignedAt!),
      },
      unluckiest: describeJourney(all.reduce((a, b) => (waitOf(b) > waitOf(a) ? b : a))),
      latestStoredMs: latest((one) => one.storedAt - pace.givenAt.get(one.name)!),
      latestAgentMs: latest((one) => one.runningAt! - (commandedAt.get(one.taskId!) ?? Number.NaN)),
      latestRunningMs: latest(waitOf),
      longestSilenceMs: Math.max(...silences),
      services: all.length,
    };
  }

  return { during, stop };
}
