// Tasks that belong to a node before they are given to it, as those of a global service do: there, where all filters let
// them, or nowhere (SwarmKit: scheduler.go, taskFitNode). No other node is looked at, and the spread knows nothing of them.
import { type ClusterNode, placeOn, type Service } from '@muster/state';
import { countRefusal, findRefusal, type Pipeline, type Refusals } from '../filters/pipeline.ts';
import { createDraft, giveReason, giveTask } from '../nodes/draft.ts';
import type { Roster } from '../nodes/roster.ts';
import type { Group } from './group.ts';
import { chargeSteps, chargeTask, isFull, type Round } from './round.ts';

export interface GivenAtHome {
  readonly given: number;
  /** Of each task by its own node. */
  readonly refusals: Refusals;
}

/** Looks at all of the group, so that those with no room on their nodes stand in nobody's way; gives up to `most`. */
export function giveToOwnNodes(
  round: Round,
  roster: Roster,
  group: Group,
  pipeline: Pipeline,
  most: number,
): GivenAtHome {
  const { service, tasks } = group;
  const refusals: Refusals = new Map();
  let given = 0;
  for (const task of tasks) {
    if (given === most || isFull(round)) break;
    const { node } = task.slot;
    const rank = node && roster.rankOf(node.id);
    if (rank === undefined) continue;
    const serviceTasks = roster.countServiceTasks(rank, service.id);
    const refusal = findRefusal(pipeline.steps, rank, serviceTasks);
    if (refusal) {
      countRefusal(refusals, refusal);
      continue;
    }
    const draft = roster.drafts[rank] ?? createDraft(node!.id);
    roster.drafts[rank] = draft;
    const totalTasks = roster.totals[rank]!;
    giveReason(draft, group, { serviceId: service.id, considered: 1, refused: [], serviceTasks, totalTasks });
    giveTask(draft, task);
    roster.totals[rank]! += 1;
    for (const take of pipeline.takes) take(rank);
    chargeTask(round, rank, draft);
    roster.settle(rank);
    given += 1;
  }
  chargeSteps(round, tasks.length);
  return { given, refusals };
}

/** Whether a task of the service waits for this very node. */
export function waitsFor(service: Service, node: ClusterNode): boolean {
  const tasks = placeOn(service, node)?.tasks ?? [];
  return tasks.some((task) => service.pending.has(task));
}
