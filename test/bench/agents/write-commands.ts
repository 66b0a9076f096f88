// Puts commands into the store, so many under way at a time.
import type { CommandStore } from '@muster/log';
import type { PlannedCommand } from './make-commands.ts';

export async function writeCommands(
  store: CommandStore,
  commands: Iterator<PlannedCommand>,
  inFlight: number,
): Promise<void> {
  async function work(): Promise<void> {
    for (let next = commands.next(); !next.done; next = commands.next()) {
      const { nodeId, taskId, data } = next.value;
      const result = await store.put(nodeId, taskId, data, { expectLastSeq: 0 });
      if (!result.ok) throw new Error(`there is a command for ${taskId} already`);
    }
  }
  await Promise.all(Array.from({ length: inFlight }, work));
}
