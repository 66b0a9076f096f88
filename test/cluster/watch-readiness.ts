// Looks at the copies all the time, and notes who says that it is ready while it has not folded what was in the log a while
// ago: behind is no shame, and to say nothing of it is.
import { setTimeout as delay } from 'node:timers/promises';
import { metricsUrl, readSamples } from '../harness/telemetry.ts';
import { readHead } from './checks.ts';
import type { Seat, Stage } from './stage.ts';

const EVERY_MS = 1_000;
/** Two seconds to find out, and one for a machine with too much to do. */
const UNSAID_MS = 3_000;
const ENOUGH = 3;
const ANSWER_MS = 1_000;

export interface ReadinessWatch {
  /** What was noted. */
  stop(): Promise<string[]>;
}

export function watchReadiness(stage: Stage): ReadinessWatch {
  const found = new Map<Seat, string>();
  /** Looks in a row: one that has just been let go on does not know yet. */
  const suspected = new Map<Seat, number>();
  const heads: { readonly at: number; readonly head: number }[] = [];
  let over = false;

  async function look(seat: Seat): Promise<void> {
    const { role, host, process } = seat;
    const times = (suspected.get(seat) ?? 0) + 1;
    suspected.delete(seat);
    const ask = (path: string) =>
      fetch(`${metricsUrl(process)}/${path}`, { signal: AbortSignal.timeout(ANSWER_MS) });
    try {
      if ((await ask('readyz')).status !== 200) return;
      const folded = readHead(readSamples(await (await ask('metrics')).text()));
      const before = heads.findLast(({ at }) => at < performance.now() - UNSAID_MS)?.head ?? 0;
      if (folded >= before) return;
      suspected.set(seat, times);
      if (times < ENOUGH) return;
      const at = new Date().toISOString();
      found.set(
        seat,
        `${role} on host ${host.index} was ready ${at}, at ${folded}, and the log at ${before} before`,
      );
    } catch {
      // It stands still, or its host is cut off: it says nothing at all.
    }
  }

  async function lookUntilOver(): Promise<void> {
    while (!over) {
      heads.push({ at: performance.now(), head: stage.watch.state.head });
      await Promise.all(stage.seats.filter(({ role }) => role !== 'agent').map(look));
      await delay(EVERY_MS); // the pace of whoever looks
    }
  }

  const looking = lookUntilOver();
  return {
    async stop() {
      over = true;
      await looking;
      return [...found.values()];
    },
  };
}
