// Asks the agents of ready nodes, in turn, whether they are there. When a process dies, the server knows at once that
// nobody listens any more, and says so: a heartbeat that fails to come would tell much later. Only "nobody listens" means
// anything here; no answer at all is a matter for heartbeats.
import { pingSubject } from '@muster/events';
import { type Bus, type Clock, NoAnswerError, type Timer } from '@muster/runtime';
import type { ClusterState } from '@muster/state';

export interface ProbeAgentsOptions {
  readonly state: ClusterState;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly heartbeatMs: number;
  /** Whether it is for this dispatcher to ask. */
  readonly isOurs: (nodeId: string) => boolean;
  /** Asked twice, and twice nobody was there. */
  readonly onGone: (nodeId: string) => void;
  /** One that was gone answers. */
  readonly onBack: (nodeId: string) => void;
  readonly onError: (error: Error) => void;
}

/** Each node is asked so many times in a heartbeat period, as long as there are few. */
const PER_PERIOD = 5;
/** Questions in a second, at most: with thousands of nodes each has its turn more rarely. */
const MOST_PER_SECOND = 200;
/** An agent that has only lost its connection for a moment is given that moment. */
const ASK_AGAIN_MS = 200;

export function probeAgents(options: ProbeAgentsOptions): { stop(): void } {
  const { state, bus, clock, heartbeatMs, isOurs, onGone, onBack, onError } = options;
  const periodMs = heartbeatMs / PER_PERIOD;
  /** Until they answer, however long they are down in between. */
  const gone = new Set<string>();
  const pauses = new Set<Timer>();
  let queue: string[] = [];
  let stopped = false;
  let timer: Timer | undefined;

  function askSome(): void {
    if (queue.length === 0) queue = listNodes();
    const due = Math.ceil((MOST_PER_SECOND * periodMs) / 1000);
    for (const nodeId of queue.splice(0, due)) ask(nodeId).catch(onError);
    timer = clock.schedule(periodMs, askSome);
  }

  function listNodes(): string[] {
    const nodes: string[] = [];
    for (const { id, status } of state.nodes.values()) {
      if (status !== 'down' && status !== 'unknown' && isOurs(id)) nodes.push(id);
    }
    return nodes;
  }

  async function ask(nodeId: string): Promise<void> {
    if (await isThere(nodeId)) {
      if (gone.delete(nodeId) && !stopped) onBack(nodeId);
      return;
    }
    await wait(ASK_AGAIN_MS);
    if (stopped || (await isThere(nodeId)) || stopped) return;
    gone.add(nodeId);
    onGone(nodeId);
  }

  async function isThere(nodeId: string): Promise<boolean> {
    try {
      await bus.request(pingSubject(nodeId), new Uint8Array(), { timeoutMs: heartbeatMs });
      return true;
    } catch (error) {
      return !(error instanceof NoAnswerError && error.reason === 'nobody listens');
    }
  }

  function wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const pause = clock.schedule(ms, () => {
        pauses.delete(pause);
        resolve();
      });
      pauses.add(pause);
    });
  }

  timer = clock.schedule(periodMs, askSome);
  return {
    stop() {
      stopped = true;
      timer?.cancel();
      for (const pause of pauses) pause.cancel();
    },
  };
}
