// Asks a log for its head, for those who would rather not know than wait. However many ask, one question is under way.
import type { Log } from '@muster/log';

const PATIENCE_MS = 1_000;

const asking = new WeakMap<Log, Promise<number | undefined>>();

/** Undefined when the log does not answer in time. */
export async function askHead(log: Log, patienceMs = PATIENCE_MS): Promise<number | undefined> {
  let answer = asking.get(log);
  if (answer === undefined) {
    answer = log
      .head()
      .catch(() => undefined)
      .finally(() => asking.delete(log));
    asking.set(log, answer);
  }
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, patienceMs, undefined);
  });
  const head = await Promise.race([answer, late]);
  clearTimeout(timer);
  return head;
}
