// SwarmKit's one strategy (scheduler.go, nodeLess): a task goes where the fewest tasks of its service are, then where
// the fewest tasks are at all; before that, its preferences say to which branch. Reservations only filter. What is equal
// is settled by rank; SwarmKit draws lots. Nodes are looked at in the order of their tasks, and only as far as is needed
// to know that no other comes first.

import {
  countRefusal,
  findRefusal,
  listRefusals,
  type Pipeline,
  type Refusal,
  type Refusals,
  sift,
} from '../filters/pipeline.ts';
import { createDraft, giveReason, giveTask } from '../nodes/draft.ts';
import { climbParts } from '../nodes/parts.ts';
import type { Roster } from '../nodes/roster.ts';
import { countInBranches, meetForks, noTasks } from './forks.ts';
import type { Group } from './group.ts';
import { type Line, lineUp, rise, serviceTasksOf, startLine } from './line.ts';
import { chargeSteps, chargeTask, isFull, type Round } from './round.ts';
import { shareOut } from './shares.ts';

/** Gives the tasks of a group to nodes until they, the nodes or the round are exhausted. Returns how many it gave. */
export function spread(
  round: Round,
  roster: Roster,
  group: Group,
  pipeline: Pipeline,
  faulty: ReadonlyMap<string, number> | undefined,
): number {
  const { service, version, tasks } = group;
  const { placement } = version.spec;
  const { nodes, totals, drafts } = roster;
  const charge = (steps: number) => chargeSteps(round, steps);
  const refusals: Refusals = new Map();
  const sieve = sift(pipeline, roster, refusals, charge);
  const tree = roster.trees.find(placement.preferences, charge);
  const climb = climbParts({
    ladder: roster.ladder,
    parts: roster.parts,
    totals,
    slack: round.slack,
    masks: sieve.words ? [sieve.words] : [],
  });
  /** Part of every reason that is given, and known when the last task is. */
  const refused: Refusal[] = [];
  /** Not one of its tasks is on a node. */
  const isNew = service.tasks.size === service.pending.size && !round.served.has(service.id);
  const touched: number[] = [];
  let placed = 0;

  function lookOn(): boolean {
    const rank = climb.next();
    if (rank < 0) return false;
    const line = forks ? forks.lineOf(rank) : all;
    line.unmet -= 1;
    const serviceTasks = isNew ? 0 : roster.countServiceTasks(rank, service.id);
    const refusal = findRefusal(pipeline.rest, rank, serviceTasks);
    if (refusal) countRefusal(refusals, refusal);
    else lineUp(line, rank, faulty?.get(nodes[rank]!.id) ?? 0, serviceTasks);
    return true;
  }

  function takeNext(line: Line): number {
    for (;;) {
      if (line.next < line.ranks.length) return line.ranks[line.next++]!;
      // Nodes on the lowest level come before all others, so only when there are no more of them must all be known.
      if (line.level === 0 && line.unmet > 0 && lookOn()) continue;
      if (!rise(line, totals)) return -1;
    }
  }

  function placeOn(line: Line, most: number): number {
    let given = 0;
    while (given < most && !isOver()) {
      const rank = takeNext(line);
      if (rank < 0) break;
      const serviceTasks = serviceTasksOf(line);
      give(rank, serviceTasks);
      given += 1;
      if (!findRefusal(pipeline.rest, rank, serviceTasks + 1)) line.raised.push(rank);
    }
    return given;
  }

  function give(rank: number, serviceTasks: number): void {
    const draft = drafts[rank] ?? createDraft(nodes[rank]!.id);
    if (draft.lastGroup !== group) {
      drafts[rank] = draft;
      const [considered, totalTasks] = [nodes.length, totals[rank]!];
      giveReason(draft, group, { serviceId: service.id, considered, refused, serviceTasks, totalTasks });
      touched.push(rank);
    }
    giveTask(draft, tasks[placed]!);
    placed += 1;
    totals[rank]! += 1;
    for (let place = 0; place < pipeline.takes.length; place += 1) pipeline.takes[place]!(rank);
    chargeTask(round, rank, draft);
  }

  const isOver = () => placed === tasks.length || isFull(round);
  const all = startLine(Number.POSITIVE_INFINITY);
  const tasksByBranch = tree && !isNew ? countInBranches(tree, roster, service, charge) : noTasks;
  const forks = tree && meetForks({ tree, tasksByBranch, counts: sieve.countIn(tree), lookOn, placeOn });
  if (forks) shareOut(forks.root, tasks.length, isOver);
  else placeOn(all, tasks.length);

  for (const rank of touched) roster.settle(rank);
  charge(climb.steps);
  if (placed > 0) refused.push(...listRefusals(refusals));
  return placed;
}
