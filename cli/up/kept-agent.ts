// An agent among others in one process: when it ends by itself, the others go on, and it is started again. One that has
// given way to another agent with its identity waits until that one is silent: two of them in turn would be none. One whose
// node was removed from the cluster stays ended.
import { DisplacedError, NodeRemovedError } from '@muster/agent';
import { heartbeatSubject } from '@muster/events';
import { type Bus, type Clock, sleep, systemClock } from '@muster/runtime';
import { type Kept, keepRunning } from '../roles/keep-running.ts';
import { type LocalAgent, type LocalAgentOptions, startLocalAgent } from './local-agents.ts';

/** Heartbeat periods after which nobody speaks for the node any more. */
const SILENT_AFTER = 3;

export function keepAgent(
  options: LocalAgentOptions,
  onEnd: (error: Error) => void,
): Promise<Kept<LocalAgent>> {
  const { cluster, hostname, heartbeatMs, logger } = options;
  let nodeId: string | undefined;
  return keepRunning({
    what: `agent ${hostname ?? ''}`,
    clock: systemClock,
    logger,
    onEnd,
    async start(onAgentEnd) {
      const running = await startLocalAgent(options);
      nodeId = running.agent.nodeId;
      running.agent.ended.then((error) => error && onAgentEnd(error), onAgentEnd);
      return running;
    },
    isFinal: (error) => error instanceof NodeRemovedError,
    async whenFree(error) {
      if (error instanceof DisplacedError && nodeId !== undefined)
        await untilSilent(cluster.bus, nodeId, SILENT_AFTER * heartbeatMs, systemClock);
    },
  });
}

async function untilSilent(bus: Bus, nodeId: string, periodMs: number, clock: Clock): Promise<void> {
  let heard = true;
  const hearing = bus.subscribe(heartbeatSubject(nodeId), () => {
    heard = true;
  });
  try {
    while (heard) {
      heard = false;
      await sleep(clock, periodMs);
    }
  } finally {
    hearing.stop();
  }
}
