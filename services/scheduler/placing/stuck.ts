// Services whose pending tasks no node suits, and who were told so. They cost nothing until a node changes for the
// better, or until the reasons they were given have aged.
import { isGlobal, type Service } from '@muster/state';
import type { Filter } from '../filters/filter.ts';
import { findRefusal, type Pipeline } from '../filters/pipeline.ts';
import type { Roster } from '../nodes/roster.ts';
import { waitsFor } from './own-node.ts';
import type { Unsuited } from './turn.ts';

export interface StuckService {
  readonly service: Service;
  /** What its pending tasks need, by version. */
  readonly pipelines: readonly Pipeline[];
  /** Filters that refused some node. */
  readonly reasons: ReadonlySet<Filter>;
}

export interface Stuck {
  readonly services: ReadonlyMap<string, StuckService>;
  add(service: StuckService): void;
  /** The reason that a service was told is not the one it would be told now. */
  ageOne(serviceId: string): void;
  delete(serviceId: string): boolean;
  /** Nodes came, went or changed: the reasons told so far may have changed with them. */
  age(): void;
  hasAged(): boolean;
  /** Up to `limit` services whose reasons have aged. */
  listAged(limit: number): string[];
}

interface Entry extends StuckService {
  readonly epoch: number;
}

export function createStuck(): Stuck {
  /** In the order of their epochs. */
  const services = new Map<string, Entry>();
  const agedBeforeTime = new Set<string>();
  let epoch = 0;

  function* iterateAged(): Generator<string> {
    yield* agedBeforeTime;
    for (const [id, entry] of services) {
      if (entry.epoch === epoch) return;
      if (!agedBeforeTime.has(id)) yield id;
    }
  }

  function remove(serviceId: string): boolean {
    agedBeforeTime.delete(serviceId);
    return services.delete(serviceId);
  }

  return {
    services,
    add(stuckService) {
      const { id } = stuckService.service;
      remove(id);
      services.set(id, { ...stuckService, epoch });
    },
    ageOne(serviceId) {
      agedBeforeTime.add(serviceId);
    },
    delete: remove,
    age() {
      epoch += 1;
    },
    hasAged: () => iterateAged().next().done === false,
    listAged: (limit) => [...takeFirst(iterateAged(), limit)],
  };
}

export function describeStuck(service: Service, unsuited: readonly Unsuited[]): StuckService {
  const reasons = new Set(unsuited.flatMap(({ refusals }) => [...refusals.keys()]));
  return { service, pipelines: unsuited.map(({ pipeline }) => pipeline), reasons };
}

/** `otherwise`: refused, and by a filter that refused no node before. */
export function tryNode(
  { service, pipelines, reasons }: StuckService,
  roster: Roster,
  rank: number,
): 'suits' | 'refused' | 'refused otherwise' {
  if (isGlobal(service) && !waitsFor(service, roster.nodes[rank]!)) return 'refused';
  const serviceTasks = roster.countServiceTasks(rank, service.id);
  let known = true;
  for (const { steps } of pipelines) {
    const refusal = findRefusal(steps, rank, serviceTasks);
    if (!refusal) return 'suits';
    known &&= reasons.has(refusal);
  }
  return known ? 'refused' : 'refused otherwise';
}

function* takeFirst<T>(items: Iterable<T>, limit: number): Generator<T> {
  let taken = 0;
  for (const item of items) {
    if (taken >= limit) return;
    taken += 1;
    yield item;
  }
}
