// Reads what the orchestrator wrote until every intent has been accepted and acted on. It starts after the last
// acknowledgement, so that it takes nothing from what is measured: the log itself knows when each event was stored.
import type { Log } from '@muster/log';

const LIMIT_MS = 300_000;
const SUBJECTS = ['muster.event.orchestrator.>'];

/** When the last of so many services was reconciled for the first time: ms since the epoch. */
export function awaitVerdicts(log: Log, count: number): Promise<number> {
  const subjects = new Set<string>();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`${subjects.size} of ${count} intents were admitted`)),
      LIMIT_MS,
    );
    log
      .follow({
        from: 1,
        subjects: SUBJECTS,
        onRecord({ subject, time, data }) {
          if (!Buffer.from(data.buffer, data.byteOffset, data.length).includes('"type":"service.created"'))
            return;
          subjects.add(subject);
          if (subjects.size < count) return;
          clearTimeout(timer);
          resolve(time);
        },
        onError: reject,
      })
      .catch(reject);
  });
}
