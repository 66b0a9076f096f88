// Counts what agents say in the log. Reads the events without checking them: it must cost little beside them.
import type { Log } from '@muster/log';

export interface AgentsWatch {
  /** Resolves with the ids of the nodes when as many have joined. */
  joined(count: number): Promise<readonly string[]>;
  /** Resolves when as many tasks have been reported running. */
  running(count: number): Promise<void>;
  /** Events that told of tasks. */
  readonly reports: number;
  stop(): Promise<void>;
}

interface AgentEvent {
  readonly type: string;
  readonly nodeId: string;
  readonly statuses?: readonly { readonly state: string }[];
}

export async function watchAgents(log: Log): Promise<AgentsWatch> {
  const nodes = new Set<string>();
  let running = 0;
  let reports = 0;
  let look = () => {};
  const until = (isSo: () => boolean) =>
    new Promise<void>((resolve) => {
      look = () => isSo() && resolve();
      look();
    });
  const following = await log.follow({
    from: 1,
    subjects: ['muster.event.agent.node.*'],
    onRecord({ data }) {
      const event = JSON.parse(
        Buffer.from(data.buffer, data.byteOffset, data.length).toString(),
      ) as AgentEvent;
      if (event.type === 'node.joined') nodes.add(event.nodeId);
      else reports += 1;
      for (const { state } of event.statuses ?? []) if (state === 'running') running += 1;
      look();
    },
    onError(error) {
      throw error;
    },
  });
  return {
    async joined(count) {
      await until(() => nodes.size >= count);
      return [...nodes];
    },
    running: (count) => until(() => running >= count),
    get reports() {
      return reports;
    },
    stop: () => following.stop(),
  };
}
