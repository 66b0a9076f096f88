// Follows the engine's events about one owner's containers, from the moment of the call, until stopped or lost.
import type { Engine } from './engine.ts';
import { readJsonLines } from './json-lines.ts';
import { filterLabels, type Owner } from './labels.ts';
import type { ContainerEvent } from './run-states.ts';

export interface EventWatchOptions {
  readonly onEvent: (event: ContainerEvent) => void;
  /** Called once at most, and never after `stop`. */
  readonly onLost: (error: Error) => void;
}

export async function watchEvents(
  engine: Engine,
  owner: Owner,
  options: EventWatchOptions,
): Promise<{ stop(): void }> {
  // The engine answers before it has subscribed us. Its own time, asked for first, closes that gap: it sends
  // again what has happened since.
  const info = await engine.info();
  const query = new URLSearchParams({
    since: String(Math.floor(Date.parse(info.SystemTime)) / 1000),
    filters: JSON.stringify({
      type: ['container'],
      event: ['start', 'oom', 'die', 'destroy', 'health_status'],
      label: filterLabels(owner),
    }),
  });
  const stream = await engine.open({ method: 'GET', path: `/events?${query}` });
  let isStopped = false;
  const read = async () => {
    try {
      for await (const event of readJsonLines<ContainerEvent>(stream)) {
        if (isStopped) return;
        options.onEvent(event);
      }
      throw broken();
    } catch (error) {
      if (!isStopped) options.onLost(engine.translate(error));
    }
  };
  read().catch(options.onLost);
  return {
    stop() {
      isStopped = true;
      stream.destroy();
    },
  };
}

/** An event stream has no end of its own: one that ends was cut. */
function broken(): Error {
  return Object.assign(new Error('the stream of events ended'), { code: 'ECONNRESET' });
}
