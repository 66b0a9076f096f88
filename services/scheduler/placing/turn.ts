// One service's turn in a round: its pending tasks, version by version, are given to nodes as far as its share goes.
import { isGlobal, type Service, type TaskVersion } from '@muster/state';
import { type Pipeline, preparePipeline, type Refusals, refuseAll } from '../filters/pipeline.ts';
import type { Roster } from '../nodes/roster.ts';
import type { Failures } from './failures.ts';
import { type Group, takeGroup } from './group.ts';
import { giveToOwnNodes } from './own-node.ts';
import { chargeSteps, chargeTurn, isFull, type Round } from './round.ts';
import { spread } from './spread.ts';

export interface Turn {
  readonly placed: number;
  /** Groups of which no task found a node. */
  readonly unsuited: readonly Unsuited[];
}

export interface Unsuited {
  readonly group: Group;
  readonly pipeline: Pipeline;
  /** Of all nodes; of tasks that belong to a node, by each one's own. */
  readonly refusals: Refusals;
}

export interface TurnContext {
  readonly round: Round;
  readonly roster: Roster;
  readonly failures: Failures;
  /** Tasks it may have placed in this turn. */
  readonly share: number;
  readonly now: number;
}

export function takeTurn(service: Service, { round, roster, failures, share, now }: TurnContext): Turn {
  const dealtWith = new Set<TaskVersion>();
  const unsuited: Unsuited[] = [];
  let placed = 0;
  while (placed < share && !isFull(round)) {
    const own = isGlobal(service);
    const group = takeGroup(service, dealtWith, own ? Number.POSITIVE_INFINITY : share - placed);
    if (!group) break;
    dealtWith.add(group.version);
    const pipeline = preparePipeline(group, roster);
    if (own) {
      const { given, refusals } = giveToOwnNodes(round, roster, group, pipeline, share - placed);
      placed += given;
      if (given === 0) unsuited.push({ group, pipeline, refusals });
    } else {
      const given = spread(round, roster, group, pipeline, failures.listFaulty(group.version, now));
      placed += given;
      if (given === 0) {
        unsuited.push({ group, pipeline, refusals: refuseAll(pipeline, roster, service.id) });
        chargeSteps(round, roster.nodes.length);
      }
    }
    chargeTurn(round, service.id);
    // All its pending tasks were of this one version: no need to look for another.
    if (group.tasks.length === service.pending.size) break;
  }
  return { placed, unsuited };
}
