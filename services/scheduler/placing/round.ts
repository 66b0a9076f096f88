// One round of decisions while it is composed: what it has given to which nodes, and how much more it may do. A round
// is bounded, so that no flood delays the answer to anybody else's change.
import { ENVELOPE_BYTES, eventSubject } from '@muster/events';
import type { Decision } from '@muster/runtime';
import { type ClusterState, lastSeqOf } from '@muster/state';
import { type Draft, LARGEST_REASON, TASK_BYTES } from '../nodes/draft.ts';
import type { Roster } from '../nodes/roster.ts';

export interface Limits {
  /** Tasks placed in one round, in all. */
  readonly tasks: number;
  /** A service's share of a round is at least this, however many services wait: placing one by one is dear. */
  readonly share: number;
  /** What one round may cost. A step is looking at a node, or at 32 of them in bits: some ten nanoseconds. */
  readonly steps: number;
  /** What one node is given in one event, however much a record may hold: each is folded, and looked through, at once. */
  readonly nodeTasks: number;
  readonly nodeReasons: number;
}

export const defaultLimits: Limits = {
  tasks: 50_000,
  share: 256,
  steps: 3_000_000,
  nodeTasks: 5_000,
  nodeReasons: 1_000,
};

/** What else costs: a service's turn, a task given, a node that gets its first. */
const TURN_STEPS = 300;
const TASK_STEPS = 25;
const NODE_STEPS = 100;

export interface Round {
  readonly limits: Limits;
  /** What the lists of one event may take. */
  readonly maxBytes: number;
  /** How much fuller a node of our part may be than another's: the more waits, the less it matters where each goes. */
  readonly slack: number;
  /** Ranks of the nodes given something. */
  readonly touched: number[];
  /** Ids of the services that had a turn. */
  readonly served: Set<string>;
  readonly others: Decision[];
  placed: number;
  steps: number;
  /** A node can take no more in one event. Going on without it would upset the spread. */
  nodeFull: boolean;
  /** A service met a bug: nothing of the round is decided. */
  broken: boolean;
}

/** Services that wait for each task that a node may be fuller, and how much fuller it may be at most. */
const WAITING_PER_SLACK = 4;
const MOST_SLACK = 32;

/** `maxRecordBytes`: of each of its events; `waiting`: services that are to have a turn, here or with another scheduler. */
export function startRound(limits: Limits, maxRecordBytes: number, waiting = 0): Round {
  return {
    limits,
    maxBytes: maxRecordBytes - ENVELOPE_BYTES,
    slack: Math.min(MOST_SLACK, Math.floor(waiting / WAITING_PER_SLACK)),
    touched: [],
    served: new Set(),
    others: [],
    placed: 0,
    steps: 0,
    nodeFull: false,
    broken: false,
  };
}

/** Nothing more may be placed. */
export function isFull({ limits, placed, nodeFull }: Round): boolean {
  return nodeFull || placed >= limits.tasks;
}

/** Nobody else has a turn. */
export function isOver(round: Round): boolean {
  return round.broken || isFull(round) || round.steps >= round.limits.steps;
}

/** Half of the round is used up. */
export function isHalfOver({ limits, placed, steps, nodeFull, broken }: Round): boolean {
  return broken || nodeFull || 2 * placed >= limits.tasks || 2 * steps >= limits.steps;
}

export function chargeSteps(round: Round, steps: number): void {
  round.steps += steps;
}

/** The service had a turn. */
export function chargeTurn(round: Round, serviceId: string): void {
  round.steps += TURN_STEPS;
  round.served.add(serviceId);
}

/** The node was given one more. */
export function chargeTask(round: Round, rank: number, { tasks, why, bytes }: Draft): void {
  round.placed += 1;
  round.steps += TASK_STEPS;
  if (tasks.length === 1) {
    round.steps += NODE_STEPS;
    round.touched.push(rank);
  }
  const { nodeTasks, nodeReasons } = round.limits;
  if (
    tasks.length >= nodeTasks ||
    why.length >= nodeReasons ||
    bytes + LARGEST_REASON + TASK_BYTES > round.maxBytes
  )
    round.nodeFull = true;
}

/** The round's decisions, one for each node. Leaves the nodes as the state has them. */
export function concludeRound(round: Round, roster: Roster, state: ClusterState): Decision[] {
  const decisions = round.touched.map((rank): Decision => {
    const { id: nodeId } = roster.nodes[rank]!;
    const { tasks, why, cause } = roster.drafts[rank]!;
    roster.refresh(rank);
    return {
      event: { type: 'tasks.assigned', cause, nodeId, tasks, why },
      expect: lastSeqOf(state, eventSubject('scheduler', 'node', nodeId)),
    };
  });
  return [...decisions, ...round.others];
}
