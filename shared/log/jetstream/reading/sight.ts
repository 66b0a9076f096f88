// Whether a stream is still in sight for those who are told what concerns them and ask nobody: a server that is cut off from the
// others tells them nothing, and nothing is what there is to tell as a rule. One question for all of a connection.
import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { ANSWER_MS, answerWithin, isPassing } from '../writing/retrying.ts';
import type { ConsumerStats } from './consumer-stats.ts';
import { believed } from './read-check.ts';
import { Silence } from './silence.ts';

const ASK_MS = { least: 1_000, most: 30_000 };
/** Of all who are told something of a stream together, who are no more than it has subjects. */
const MOST_QUESTIONS_PER_S = 500;

interface Sight {
  watchers: number;
  stop(): void;
}

const sights = new WeakMap<ConsumerStats, Sight>();

/** Says in the stats when it is not; returns what ends it. */
export function keepInSight(nc: NatsConnection, jsm: JetStreamManager, stats: ConsumerStats): () => void {
  const sight = sights.get(stats) ?? startAsking(nc, jsm, stats);
  sights.set(stats, sight);
  sight.watchers += 1;
  return () => {
    sight.watchers -= 1;
    if (sight.watchers > 0) return;
    sight.stop();
    sights.delete(stats);
  };
}

function startAsking(nc: NatsConnection, jsm: JetStreamManager, stats: ConsumerStats): Sight {
  const silence = new Silence(nc, stats);
  let everyMs = ASK_MS.least;
  let stopped = false;
  let timer = setTimeout(ask, everyMs * Math.random());

  async function ask(): Promise<void> {
    silence.noteAsked();
    try {
      const { state } = believed(await answerWithin(ANSWER_MS, jsm.streams.info(stats.stream)));
      silence.noteAnswered();
      const fairMs = ((state.num_subjects ?? 0) / MOST_QUESTIONS_PER_S) * 1_000;
      everyMs = Math.min(Math.max(ASK_MS.least, fairMs), ASK_MS.most);
    } catch (error) {
      // Whatever else is wrong is an answer, and others deal with it.
      if (!isPassing(error)) silence.noteAnswered();
    }
    if (!stopped) timer = setTimeout(ask, stats.isSilent ? ASK_MS.least : everyMs);
  }

  return {
    watchers: 0,
    stop() {
      stopped = true;
      clearTimeout(timer);
      silence.noteAnswered();
    },
  };
}
