// One round of decisions while it is composed: what it has given to which nodes, and how much more it may do. A round
// is bounded, so that no flood delays the answer to anybody else's change.
import { eventSubject } from '@muster/events';
import type { Decision } from '@muster/runtime';
import { type ClusterState, lastSeqOf } from '@muster/state';
import type { Candidate } from './candidate.ts';
import { causeOf } from './group.ts';

export interface Limits {
  /** Tasks placed in one round, in all. */
  readonly tasks: number;
  /** A service's share of a round is at least this, however many services wait: placing one by one is dear. */
  readonly share: number;
  /** Nodes tested in one round. */
  readonly tests: number;
  /** What one node is given in one event. With the reasons it stays well below NATS' default limit of 1 MB. */
  readonly nodeTasks: number;
  readonly nodeReasons: number;
}

export const defaultLimits: Limits = {
  tasks: 10_000,
  share: 256,
  tests: 500_000,
  nodeTasks: 5_000,
  nodeReasons: 1_000,
};

export interface Round {
  readonly limits: Limits;
  /** Nodes given something. */
  readonly touched: Candidate[];
  readonly others: Decision[];
  placed: number;
  tests: number;
  /** A node can take no more in one event. Going on without it would upset the spread. */
  nodeFull: boolean;
}

export function startRound(limits: Limits): Round {
  return { limits, touched: [], others: [], placed: 0, tests: 0, nodeFull: false };
}

/** Nothing more may be placed. */
export function isFull({ limits, placed, nodeFull }: Round): boolean {
  return nodeFull || placed >= limits.tasks;
}

/** Nobody else has a turn. */
export function isOver(round: Round): boolean {
  return isFull(round) || round.tests >= round.limits.tests;
}

/** Half of the round is used up. */
export function isHalfOver({ limits, placed, tests, nodeFull }: Round): boolean {
  return nodeFull || 2 * placed >= limits.tasks || 2 * tests >= limits.tests;
}

export function chargeTests(round: Round, tests: number): void {
  round.tests += tests;
}

export function chargeTask(round: Round, candidate: Candidate): void {
  const { tasks, why } = candidate.draft!;
  if (tasks.length === 1) round.touched.push(candidate);
  round.placed += 1;
  const { nodeTasks, nodeReasons } = round.limits;
  if (tasks.length >= nodeTasks || why.length >= nodeReasons) round.nodeFull = true;
}

/** The round's decisions, one for each node. Leaves the nodes as the state has them. */
export function concludeRound(round: Round, state: ClusterState): Decision[] {
  const assigned = round.touched.map((candidate): Decision => {
    const { node, draft } = candidate;
    const { tasks, why } = draft!;
    candidate.draft = undefined;
    return {
      event: {
        type: 'tasks.assigned',
        cause: causeOf(tasks),
        nodeId: node.id,
        tasks: tasks.map(({ id }) => id),
        why,
      },
      expect: lastSeqOf(state, eventSubject('scheduler', 'node', node.id)),
    };
  });
  return [...assigned, ...round.others];
}
