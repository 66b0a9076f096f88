// A cluster on three servers, on hosts of its own, and what goes wrong with servers, disks and the network. After each
// fault: no acknowledged intent is lost, each has one verdict, what really runs is what was asked for, all copies have one
// state and are ready, and nobody has ended. MUSTER_SEED plays an order of faults again, MUSTER_CLUSTER_FAULTS names those
// that are wanted, or `all`.
import { setTimeout as delay } from 'node:timers/promises';
import { seedChance } from '@muster/simulation';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catchUp } from '../harness/sightings.ts';
import { findComplaints, findLostIntents, findOddStates, findUnready, findWrongTasks } from './checks.ts';
import { keepEvidence } from './evidence.ts';
import { type Fault, type FaultName, faultNames, faults } from './faults.ts';
import { noHosts } from './hosts.ts';
import { type Stage, startStage } from './stage.ts';
import { untilLevel } from './until-level.ts';
import { watchReadiness } from './watch-readiness.ts';

const seed = Number(process.env.MUSTER_SEED ?? Date.now() % 100_000);
const chance = seedChance(seed);
/** As many as a run in CI has time for. */
const USUAL = 5;
const order = chooseOrder(process.env.MUSTER_CLUSTER_FAULTS);
/** Before a fault, so that it meets a cluster at work. */
const WARM_UP_MS = 1_500;
const LASTS_MS = { least: 3_000, most: 8_000 };
/** From its end, and from when the last of what was asked was stored. */
const AS_ASKED_WITHIN_MS = 10_000;
/** Where everybody begins anew, beside servers that do so too, and make no consumers for a while. */
const ANOTHER_LOG_WITHIN_MS = 25_000;
const READY_WITHIN_MS = 20_000;

function chooseOrder(wanted: string | undefined): FaultName[] {
  const left =
    wanted === undefined || wanted === 'all' ? [...faultNames] : (wanted.split(',') as FaultName[]);
  const chosen: FaultName[] = [];
  const count = wanted === undefined ? USUAL : left.length;
  while (chosen.length < count) chosen.push(...left.splice(chance.between(0, left.length - 1), 1));
  return chosen;
}

/** Asks until there is nothing, and says what there still was when the time was over. */
async function untilNone(find: () => string[] | Promise<string[]>, withinMs: number): Promise<void> {
  const giveUpAt = performance.now() + withinMs;
  for (;;) {
    const found = await find();
    if (found.length === 0) return;
    if (performance.now() > giveUpAt) expect(found).toEqual([]);
    await delay(100); // nobody tells when there is nothing any more
  }
}

if (noHosts !== undefined) console.log(`test/cluster is skipped: ${noHosts}`);

describe.runIf(noHosts === undefined)(`three servers (seed ${seed})`, () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await startStage(seedChance(seed + 1));
  });

  afterAll(() => stage?.stop());

  it.each(order)('%s', async (name) => {
    const moments: Record<string, Date> = {};
    const now = (what: string) => (moments[what] = new Date());
    const readiness = watchReadiness(stage);
    try {
      await liveThrough(name, now);
      const unsaid = await readiness.stop();
      // Of a log that is another one by now, more was known.
      if (!('loses' in faults[name])) expect(unsaid).toEqual([]);
    } catch (error) {
      (error as Error).message += `\n${name}, seed ${seed}: ${await keepEvidence(stage, moments)}`;
      throw error;
    } finally {
      await readiness.stop();
      await stage.load.pause();
    }
  });

  /** When the last of what was asked was stored: servers that have to find together take their time. */
  function findLastAsked(healedAt: Date): Date {
    const last = stage.watch.facts.findLast(({ is }) => is === 'intent');
    return new Date(Math.max(Number(healedAt), last?.time ?? 0));
  }

  async function liveThrough(name: FaultName, now: (what: string) => Date): Promise<void> {
    const fault: Fault = faults[name];
    const { load } = stage;
    const headBefore = stage.watch.state.head;
    const failed = () => [...load.unknown, ...load.unanswered];
    const failedBefore = failed();
    // Two faults at once would be another fault: servers that catch up still have not got everything.
    await untilLevel(stage.servers, stage.cluster.url);
    load.begin();
    await delay(WARM_UP_MS);
    const inflictedAt = now('inflicted');
    const heal = await fault.inflict(stage, chance);
    await delay(fault.lastsMs ?? chance.between(LASTS_MS.least, LASTS_MS.most));
    await heal();
    const healedAt = now('healed');
    await load.pause();
    now('nothing more asked');
    if (fault.loses === 'everything') {
      load.forgetAfter(headBefore);
      await stage.watchAgain();
    }
    await catchUp(stage.watch);
    const askedAt = findLastAsked(healedAt);
    const withinMs = fault.loses === 'everything' ? ANOTHER_LOG_WITHIN_MS : AS_ASKED_WITHIN_MS;
    await untilNone(() => findWrongTasks(stage), withinMs - (Date.now() - Number(askedAt)));
    const asAskedAt = now('as asked');
    await catchUp(stage.watch);
    expect(findLostIntents(stage)).toEqual([]);
    await untilNone(() => findUnready(stage), READY_WITHIN_MS);
    now('ready');
    await untilNone(() => findOddStates(stage), READY_WITHIN_MS);
    expect(await findComplaints(stage.seats, inflictedAt, fault.loses !== undefined)).toEqual([]);
    if (fault.isQuiet) expect(failed()).toEqual(failedBefore);
    const seconds = (from: Date, to: Date) => ((Number(to) - Number(from)) / 1000).toFixed(1);
    console.log(
      `${name}: ${fault.says}, ${seconds(inflictedAt, healedAt)} s; the last was asked ${seconds(healedAt, askedAt)} s after, ` +
        `and all runs as asked ${seconds(healedAt, asAskedAt)} s after; ` +
        `${load.acknowledged.size} intents acknowledged, ${load.unknown.length} unknown, ` +
        `${load.unanswered.length} questions without an answer`,
    );
  }
});
