// What is to be written of one task, and to which node, whatever is wrong with the task: a bug of ours that one meets must not keep
// the others from their commands.
import type { ClusterState } from '@muster/state';
import type { Departures } from '../endpoints/departures.ts';
import type { CommandView } from './command-view.ts';
import { type CommandPut, deriveCommands } from './derive-commands.ts';
import type { Strays } from './strays.ts';

export interface FindingCommands {
  /** Undefined when the task meets a bug, which `onBug` is told of. */
  find(taskId: string, onBug: (error: unknown) => void): readonly CommandPut[] | undefined;
  /** There is something to be written, as far as can be told. */
  isWanted(taskId: string): boolean;
  /** Who is to be told of the task. Undefined when nobody has it, and nobody had it. */
  nodeOf(taskId: string): string | undefined;
  /** Every task that has a command, or should: most of them twice, but a look is cheap, and each of them is one. */
  listAll(): Generator<string, undefined>;
}

/** With `departures`, a word to stop is none before its time. */
export function findCommands(
  state: ClusterState,
  view: CommandView,
  strays: Strays,
  departures?: Pick<Departures, 'mayStop' | 'forget'>,
): FindingCommands {
  function listDue(taskId: string): readonly CommandPut[] {
    const puts = deriveCommands(state, view, strays, taskId);
    if (!departures) return puts;
    if (puts.length === 0) departures.forget(taskId);
    return puts.filter(({ command }) => !isStop(command) || departures.mayStop(state.tasks.get(taskId)!));
  }

  return {
    find(taskId, onBug) {
      try {
        return listDue(taskId);
      } catch (error) {
        onBug(error);
        return undefined;
      }
    },
    isWanted(taskId) {
      try {
        return listDue(taskId).length > 0;
      } catch {
        return true;
      }
    },
    nodeOf(taskId) {
      const nodeId = state.tasks.get(taskId)?.node?.id ?? view.entriesOf(taskId)[0]?.nodeId;
      if (nodeId !== undefined) return nodeId;
      const [stray] = strays.nodesOf(taskId).keys();
      return stray;
    },
    *listAll() {
      for (const id of state.tasks.keys()) yield id;
      for (const id of view.taskIds()) yield id;
      return undefined;
    },
  };
}

function isStop(command: CommandPut['command']): boolean {
  return command.type === 'task' && (command.desired === 'shutdown' || command.desired === 'remove');
}
