// Turns what a consumer pushes into a bounded iteration. The server is held back while the reader is busy, and the
// consumer goes when the reader stops early.
import type { Following, LogRecord } from '../../log.ts';

export interface PushedTo {
  readonly onRecord: (record: LogRecord) => void;
  readonly onCaughtUp: () => void;
  readonly onError: (error: Error) => void;
  readonly onFlowControl: (goOn: () => void) => void;
}

/** The records up to sequence `last`, or up to what is stored when `start` is called. */
export async function* readBounded(
  last: number,
  start: (handlers: PushedTo) => Promise<Following>,
): AsyncGenerator<LogRecord> {
  let queue: (LogRecord | (() => void))[] = [];
  let ended = false;
  let failure: Error | undefined;
  let wake: () => void = () => undefined;
  const push = (item: LogRecord | (() => void)) => {
    queue.push(item);
    wake();
  };
  const consumer = await start({
    onRecord: push,
    // Its turn comes when the reader has taken what was sent before it.
    onFlowControl: push,
    onCaughtUp: () => {
      ended = true;
      wake();
    },
    onError: (error) => {
      failure = error;
      wake();
    },
  });
  try {
    for (;;) {
      const items = queue;
      queue = [];
      for (const item of items) {
        if (typeof item === 'function') item();
        else {
          if (item.seq <= last) yield item;
          if (item.seq >= last) return;
        }
      }
      if (queue.length > 0) continue;
      if (failure !== undefined) throw failure;
      if (ended) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    await consumer.stop();
  }
}
