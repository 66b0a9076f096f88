// The allocator: gives each version of a service what there is only once in the cluster, before its tasks can be
// placed. It looks at services, never at nodes.
import { type EventDraft, eventSubject } from '@muster/events';
import type { Decision, Reducer } from '@muster/runtime';
import { type ClusterState, lastSeqOf, type Service } from '@muster/state';
import { allocatePorts } from './ports.ts';
import { createPublishedPorts } from './published-ports.ts';

/** The rest has its turn in the next round. */
const MAX_SERVICES_PER_ROUND = 512;

export function createAllocator(): Reducer {
  const published = createPublishedPorts();
  /** Services to look at: each until it is allocated, or was told why not. */
  const waiting = new Set<string>();
  /** Services that were told why not, to be looked at again when somebody gives something back. */
  const refused = new Set<string>();

  function decide(state: ClusterState): Decision[] {
    const decisions: Decision[] = [];
    const decided: string[] = [];
    const pickedNow = new Set<string>();
    for (const id of waiting) {
      if (decisions.length >= MAX_SERVICES_PER_ROUND) break;
      waiting.delete(id);
      const service = state.services.get(id);
      if (!service || !needsAllocation(service)) continue;
      const event = allocate(state, service, pickedNow);
      if (event) {
        decisions.push({ event, expect: lastSeqOf(state, eventSubject('allocator', 'service', id)) });
        decided.push(id);
      } else {
        refused.add(id);
      }
    }
    // Looked at again, after the others, until the state shows what was decided.
    for (const id of decided) waiting.add(id);
    return decisions;
  }

  /** Undefined when there is nothing to say that was not said. `pickedNow` is what this round gives to others. */
  function allocate(state: ClusterState, service: Service, pickedNow: Set<string>): EventDraft | undefined {
    const { id: serviceId, version, unschedulable } = service;
    const { pickedPorts } = state;
    const allocation = allocatePorts(service, {
      isOwn: (key) => pickedPorts.get(key) === serviceId,
      isTaken: (key) =>
        published.has(key) || pickedNow.has(key) || (pickedPorts.get(key) ?? serviceId) !== serviceId,
    });
    const common = { cause: version.seq, serviceId, specVersion: version.seq };
    if (allocation.ok) {
      for (const key of allocation.picked) pickedNow.add(key);
      return { type: 'service.allocated', ...common, ports: allocation.ports };
    }
    const { message } = allocation;
    if (unschedulable?.message === message) return undefined;
    return { type: 'service.allocation_failed', ...common, message };
  }

  return {
    name: 'allocator',
    notice(state, changes) {
      let givenBack = false;
      for (const id of changes.services) {
        const service = state.services.get(id);
        if (published.follow(id, service)) givenBack = true;
        refused.delete(id);
        if (service && needsAllocation(service)) waiting.add(id);
        else waiting.delete(id);
      }
      if (!givenBack) return;
      for (const id of refused) waiting.add(id);
      refused.clear();
    },
    decide,
    nextWake: () => undefined,
    backlog: () => ({ services: waiting.size }),
  };
}

function needsAllocation(service: Service): boolean {
  return !service.removed && service.version.ports === undefined;
}
