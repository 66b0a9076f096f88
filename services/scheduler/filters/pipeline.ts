// The filters, in SwarmKit's order (manager/scheduler/pipeline.go) and with one of our own. The first one that refuses a node is the reason.

import type { Roster } from '../nodes/roster.ts';
import type { Sieve } from '../nodes/sieve.ts';
import type { Group } from '../placing/group.ts';
import { backendFilter } from './backend.ts';
import { constraintFilter } from './constraints.ts';
import type { Demand, Filter, Test } from './filter.ts';
import { hostPortFilter } from './host-ports.ts';
import { ingressFilter } from './ingress.ts';
import { maxReplicasFilter } from './max-replicas.ts';
import { networkFilter } from './networks.ts';
import { readyFilter } from './ready.ts';
import { resourceFilter } from './resources.ts';

export const filters: readonly Filter[] = [
  readyFilter,
  backendFilter,
  resourceFilter,
  networkFilter,
  ingressFilter,
  constraintFilter,
  hostPortFilter,
  maxReplicasFilter,
];

interface Step {
  readonly filter: Filter;
  readonly test: Test;
}

/** The filters that a group needs, as tests. */
export interface Pipeline {
  readonly steps: readonly Step[];
  /** Those that have the nodes that pass in bits, and those that are asked of each node. */
  readonly sieves: readonly { readonly filter: Filter; readonly passes: NonNullable<Demand['passes']> }[];
  readonly rest: readonly Step[];
  /** What becomes of a node that is given a task. */
  readonly takes: readonly NonNullable<Demand['take']>[];
}

export interface Refusal {
  readonly filter: string;
  readonly nodes: number;
}

/** Nodes refused by each filter that refused any. */
export type Refusals = Map<Filter, number>;

export function preparePipeline(group: Group, roster: Roster): Pipeline {
  const steps: Step[] = [];
  const sieves: Pipeline['sieves'][number][] = [];
  const rest: Step[] = [];
  const takes: NonNullable<Demand['take']>[] = [];
  for (const filter of filters) {
    const demand = filter.prepare(group, roster);
    if (!demand) continue;
    const { test, take, passes } = demand;
    if (take) takes.push(take);
    const step = { filter, test };
    steps.push(step);
    if (passes) sieves.push({ filter, passes });
    else rest.push(step);
  }
  return { steps, sieves, rest, takes };
}

export function findRefusal(steps: readonly Step[], rank: number, serviceTasks: number): Filter | undefined {
  for (let place = 0; place < steps.length; place += 1) {
    const { filter, test } = steps[place]!;
    if (!test(rank, serviceTasks)) return filter;
  }
  return undefined;
}

export function countRefusal(refusals: Refusals, filter: Filter, nodes = 1): void {
  if (nodes > 0) refusals.set(filter, (refusals.get(filter) ?? 0) + nodes);
}

/** Nodes refused by each filter, of all there are. */
export function refuseAll({ steps }: Pipeline, roster: Roster, serviceId: string): Refusals {
  const refusals: Refusals = new Map();
  for (let rank = 0; rank < roster.nodes.length; rank += 1) {
    const refusal = findRefusal(steps, rank, roster.countServiceTasks(rank, serviceId));
    if (refusal) countRefusal(refusals, refusal);
  }
  return refusals;
}

/** The nodes that pass by their bits. Each other one is refused by the first filter whose bits lack it. */
export function sift(
  { sieves }: Pipeline,
  roster: Roster,
  refusals: Refusals,
  charge: (steps: number) => void,
): Sieve {
  let sieve = roster.everyNode;
  for (const { filter, passes } of sieves) {
    const set = passes(charge);
    if (!set) continue;
    const left = sieve.narrow(set);
    countRefusal(refusals, filter, sieve.size - left.size);
    sieve = left;
  }
  return sieve;
}

/** Most refusals first, then in the filters' order. */
export function listRefusals(refusals: Refusals): Refusal[] {
  return rankRefusals(refusals).map(([filter, nodes]) => ({ filter: filter.name, nodes }));
}

/** SwarmKit's sentence about tasks that no node suits. */
export function explainRefusals(refusals: Refusals): string {
  return refusals.size === 0 ? 'no suitable node' : `no suitable node (${explainOwnNodes(refusals)})`;
}

/** The same about tasks whose own nodes do not suit them. */
export function explainOwnNodes(refusals: Refusals): string {
  const reasons = rankRefusals(refusals).map(([filter, nodes]) => filter.explain(nodes));
  return reasons.join('; ');
}

function rankRefusals(refusals: Refusals): [Filter, number][] {
  return [...refusals].sort(
    ([a, some], [b, others]) => others - some || filters.indexOf(a) - filters.indexOf(b),
  );
}
