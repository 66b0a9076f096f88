// One service's turn in a round: its pending tasks, version by version, are given to nodes as far as its share goes.
import type { Service, TaskVersion } from '@muster/state';
import type { Candidate } from './candidate.ts';
import type { Failures } from './failures.ts';
import { type Group, takeGroup } from './group.ts';
import { type Pipeline, preparePipeline } from './pipeline.ts';
import { isFull, type Round } from './round.ts';
import { spread } from './spread.ts';

export interface Turn {
  readonly placed: number;
  /** Groups of which at least one task found no node. */
  readonly unsuited: readonly Unsuited[];
}

export interface Unsuited {
  readonly group: Group;
  readonly pipeline: Pipeline;
  /** How many nodes each filter refused. */
  readonly refusals: readonly number[];
}

export interface TurnContext {
  readonly round: Round;
  readonly candidates: readonly Candidate[];
  readonly failures: Failures;
  /** Tasks it may have placed in this turn. */
  readonly share: number;
  readonly now: number;
}

export function takeTurn(service: Service, { round, candidates, failures, share, now }: TurnContext): Turn {
  const dealtWith = new Set<TaskVersion>();
  const unsuited: Unsuited[] = [];
  let placed = 0;
  while (placed < share && !isFull(round)) {
    const group = takeGroup(service, dealtWith, share - placed);
    if (!group) break;
    dealtWith.add(group.version);
    const pipeline = preparePipeline(group);
    const faulty = failures.listFaulty(group.version, now);
    const placement = spread(round, candidates, group, pipeline, faulty);
    placed += placement.placed;
    if (placement.placed < group.tasks.length)
      unsuited.push({ group, pipeline, refusals: placement.refusals });
    // All its pending tasks were of this one version: no need to look for another.
    if (group.tasks.length === service.pending.size) break;
  }
  return { placed, unsuited };
}
