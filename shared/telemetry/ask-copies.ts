// Asks every process of a kind at once, and takes the answers as they come.
import type { Bus } from '@muster/runtime';
import { type CopyStats, copyStatsSchema } from './copy-stats.ts';

/** The control plane answers by default; agents only when they are asked for, since there may be thousands. */
export type Asked = 'control' | 'agent';

export function statsSubject(asked: Asked): string {
  return `muster.stats.${asked}`;
}

export interface AskOptions {
  /** How long to wait for whoever may still answer. */
  readonly patienceMs: number;
  /** Nobody else is expected; somebody new has a moment to answer all the same. */
  readonly isEnough?: (answers: readonly CopyStats[]) => boolean;
}

const GRACE_MS = 50;

export function askCopies(
  bus: Bus,
  asked: Asked,
  { patienceMs, isEnough = () => false }: AskOptions,
): Promise<readonly CopyStats[]> {
  return new Promise((resolve) => {
    const answers: CopyStats[] = [];
    const inbox = bus.inbox();
    const subscription = bus.subscribe(inbox, ({ data }) => {
      // NATS says so itself when nobody listens, with nothing in it.
      const answer = data.length === 0 ? undefined : read(data);
      if (answer) answers.push(answer);
      if (data.length === 0) finish();
      else if (isEnough(answers)) wait(Math.min(GRACE_MS, patienceMs));
    });
    // A program that is at its end is not kept for the answers.
    let timer = setTimeout(finish, patienceMs).unref();
    function wait(ms: number): void {
      clearTimeout(timer);
      timer = setTimeout(finish, ms).unref();
    }
    function finish(): void {
      clearTimeout(timer);
      subscription.stop();
      resolve(answers);
    }
    bus.publish(statsSubject(asked), new Uint8Array(), { reply: inbox });
  });
}

/** Another version may say it differently: it is left out, rather than in the way. */
function read(data: Uint8Array): CopyStats | undefined {
  try {
    return copyStatsSchema.safeParse(JSON.parse(new TextDecoder().decode(data))).data;
  } catch {
    return undefined;
  }
}
