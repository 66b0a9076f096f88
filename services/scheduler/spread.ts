// SwarmKit's one strategy (scheduler.go, nodeLess): a task goes where the fewest tasks of its service are, then where
// the fewest tasks are at all. Reservations only filter. What is equal is settled by node id; SwarmKit draws lots.
import { type Candidate, countServiceTasks, countTasks, giveTask, type Why } from './candidate.ts';
import type { Group } from './group.ts';
import { dropTop, heapify, isWanted, offer, sinkTop } from './heap.ts';
import { findRefusal, listRefusals, type Pipeline, suits } from './pipeline.ts';
import { chargeTask, chargeTests, isFull, type Round } from './round.ts';

export interface Placement {
  /** How many of the group's tasks, from its first, were given to nodes. */
  readonly placed: number;
  /** How many nodes each filter refused: of all nodes, when no task was placed. */
  readonly refusals: readonly number[];
}

/** Gives the tasks of a group to nodes until they, the nodes or the round are exhausted. */
export function spread(
  round: Round,
  candidates: readonly Candidate[],
  group: Group,
  pipeline: Pipeline,
  faulty: ReadonlyMap<string, number> | undefined,
): Placement {
  const { service, tasks } = group;
  const refusals = pipeline.map(() => 0);
  const heap: Candidate[] = [];
  for (const candidate of candidates) {
    candidate.faults = faulty?.get(candidate.node.id) ?? 0;
    candidate.serviceTasks = countServiceTasks(candidate, service.id);
    candidate.totalTasks = countTasks(candidate);
    // Never more nodes than tasks: the best ones take one each before another comes into question.
    if (!isWanted(heap, candidate, tasks.length, isBetter)) continue;
    const refusal = findRefusal(pipeline, candidate);
    if (refusal < 0) offer(heap, candidate, tasks.length, isBetter);
    else refusals[refusal]! += 1;
  }
  chargeTests(round, candidates.length);
  heapify(heap, isBetter);

  const refused = listRefusals(pipeline, refusals);
  let placed = 0;
  while (placed < tasks.length && heap.length > 0 && !isFull(round)) {
    const best = heap[0]!;
    const makeWhy = (): Why => ({
      serviceId: service.id,
      considered: candidates.length,
      refused,
      serviceTasks: best.serviceTasks,
      totalTasks: best.totalTasks,
    });
    giveTask(best, tasks[placed]!, group, makeWhy);
    chargeTask(round, best);
    placed += 1;
    best.serviceTasks += 1;
    best.totalTasks += 1;
    if (suits(pipeline, best)) sinkTop(heap, isBetter);
    else dropTop(heap, isBetter);
  }
  return { placed, refusals };
}

function isBetter(a: Candidate, b: Candidate): boolean {
  if (a.faults !== b.faults) return a.faults < b.faults;
  if (a.serviceTasks !== b.serviceTasks) return a.serviceTasks < b.serviceTasks;
  if (a.totalTasks !== b.totalTasks) return a.totalTasks < b.totalTasks;
  return a.rank < b.rank;
}
