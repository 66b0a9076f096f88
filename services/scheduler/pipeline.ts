// The filters, in SwarmKit's order (manager/scheduler/pipeline.go). The first one that refuses a node is the reason.
import type { Candidate } from './candidate.ts';
import { constraintFilter } from './filters/constraints.ts';
import type { Filter, Test } from './filters/filter.ts';
import { hostPortFilter } from './filters/host-ports.ts';
import { maxReplicasFilter } from './filters/max-replicas.ts';
import { readyFilter } from './filters/ready.ts';
import { resourceFilter } from './filters/resources.ts';
import type { Group } from './group.ts';

const filters: readonly Filter[] = [
  readyFilter,
  resourceFilter,
  constraintFilter,
  hostPortFilter,
  maxReplicasFilter,
];

/** The filters that a group needs, as tests. */
export type Pipeline = readonly { readonly filter: Filter; readonly test: Test }[];

export interface Refusal {
  readonly filter: string;
  readonly nodes: number;
}

export function preparePipeline(group: Group): Pipeline {
  return filters.flatMap((filter) => {
    const test = filter.prepare(group);
    return test ? [{ filter, test }] : [];
  });
}

/** Place of the filter that refuses the node, or -1. */
export function findRefusal(pipeline: Pipeline, candidate: Candidate): number {
  for (let place = 0; place < pipeline.length; place += 1) {
    if (!pipeline[place]!.test(candidate)) return place;
  }
  return -1;
}

export function suits(pipeline: Pipeline, candidate: Candidate): boolean {
  return findRefusal(pipeline, candidate) < 0;
}

/** `counts`: nodes refused, by place of the filter. Most refusals first, then in the filters' order. */
export function listRefusals(pipeline: Pipeline, counts: readonly number[]): Refusal[] {
  return rankRefusals(pipeline, counts).map(({ filter, nodes }) => ({ filter: filter.name, nodes }));
}

/** SwarmKit's sentence about tasks that no node suits. */
export function explainRefusals(pipeline: Pipeline, counts: readonly number[]): string {
  const reasons = rankRefusals(pipeline, counts).map(({ filter, nodes }) => filter.explain(nodes));
  return reasons.length === 0 ? 'no suitable node' : `no suitable node (${reasons.join('; ')})`;
}

function rankRefusals(pipeline: Pipeline, counts: readonly number[]) {
  return pipeline
    .map(({ filter }, place) => ({ filter, nodes: counts[place]! }))
    .filter(({ nodes }) => nodes > 0)
    .sort((a, b) => b.nodes - a.nodes);
}
