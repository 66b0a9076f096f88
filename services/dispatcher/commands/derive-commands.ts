// What the command store should hold for a task and does not: pure, from folded state and what the store is known
// to hold. Level-triggered: asked again, it gives the same answer until the store shows it, and then nothing.
import { type ForgetCommand, findNeeds, type TaskCommandInput } from '@muster/events';
import {
  DEFAULT_TEAM,
  type DesiredStateName,
  isTerminal,
  nameTask,
  nameTaskState,
  type Port,
} from '@muster/model';
import { awaitsAddresses, basisOf, type ClusterState, isGlobal, placeOfTask, type Task } from '@muster/state';
import type { CommandView } from './command-view.ts';
import { listNetworks } from './list-networks.ts';
import type { Strays } from './strays.ts';

export interface CommandPut {
  readonly nodeId: string;
  readonly taskId: string;
  readonly command: TaskCommandInput | ForgetCommand;
  readonly expectLastSeq: number;
}

/**
 * A task on networks is not spoken of before it has its addresses, unless it is to stop: then its node says that it has ended.
 * Must not be asked while `view.newestBasis` is ahead of the state's head: another dispatcher then knows better.
 * A command is only ever replaced by one with a higher basis.
 */
export function deriveCommands(
  state: ClusterState,
  view: CommandView,
  strays: Pick<Strays, 'nodesOf'>,
  taskId: string,
): CommandPut[] {
  const puts: CommandPut[] = [];
  const task = state.tasks.get(taskId);
  const nodeId = task && wasThereBefore(task) ? undefined : task?.node?.id;
  if (task && nodeId !== undefined && !awaitsAddresses(task)) {
    const entry = view.entryOf(taskId, nodeId);
    if (!entry || entry.basis < basisOf(state, task.commandSeq)) {
      puts.push({ nodeId, taskId, command: commandTask(state, task), expectLastSeq: entry?.seq ?? 0 });
    }
  }
  const basis = basisOf(state, state.head);
  const forget: ForgetCommand = { v: 1, type: 'forget', basis };
  for (const entry of view.entriesOf(taskId)) {
    if (entry.nodeId === nodeId || entry.forget || entry.basis >= basis) continue;
    puts.push({ nodeId: entry.nodeId, taskId, command: forget, expectLastSeq: entry.seq });
  }
  for (const [strayOn, reportSeq] of strays.nodesOf(taskId)) {
    const entry = view.entryOf(taskId, strayOn);
    const isAboutIt = entry !== undefined && !entry.forget;
    if (strayOn === nodeId || isAboutIt || (entry && entry.basis >= basisOf(state, reportSeq))) continue;
    puts.push({ nodeId: strayOn, taskId, command: forget, expectLastSeq: entry?.seq ?? 0 });
  }
  return puts;
}

/**
 * Its node was removed, or was and has joined again as a new one: that one is told to forget what it has of the task, should
 * there be anybody to be told.
 */
function wasThereBefore({ node, observed, observedAt }: Task): boolean {
  if (node === undefined) return false;
  return node.removed || (isTerminal(observed) && observedAt <= node.joinedAt);
}

const noPorts: readonly Port[] = [];

function commandTask(state: ClusterState, task: Task): TaskCommandInput {
  const { cluster } = state;
  const { id, service, slot, version, desired, commandSeq } = task;
  const { name, labels } = service.spec;
  const { wire, content } = version.storedSpec;
  // An agent may be older than this dispatcher: it gets what was decided, in the form in which it was.
  const spec = (content as { readonly taskTemplate: object }).taskTemplate;
  const ports = version.ports ?? noPorts;
  const needs = findNeeds(spec, ports);
  const networks = listNetworks(state, task);
  return {
    v: 1,
    type: 'task',
    basis: basisOf(state, commandSeq),
    desired: nameTaskState(desired) as DesiredStateName,
    task: {
      id,
      name: nameTask(name, placeOfTask(task), id),
      // As Docker: a task that is known by its node has none.
      slot: isGlobal(service) ? 0 : slot.number,
      service: { id: service.id, name, ...(service.team !== DEFAULT_TEAM && { team: service.team }), labels },
      spec,
      ports,
      ...(networks.length > 0 && { networks }),
    },
    ...(cluster && { cluster: cluster.id }),
    ...(wire > 1 && { wire }),
    ...(needs && { needs }),
  };
}
