// The allocator: gives each version of a service what there is only once in the cluster, before its tasks can be
// placed. It looks at services, never at nodes.
import { type EventDraft, eventSubject } from '@muster/events';
import { DEFAULT_TEAM } from '@muster/model';
import { createFaults, createWorkList, type Decision, type Reducer, type Share } from '@muster/runtime';
import { type ClusterState, lastSeqOf, type Service } from '@muster/state';
import { allocatePorts } from './ports.ts';
import { createPublishedPorts } from './published-ports.ts';

/** The rest has its turn in the next round. */
const MAX_SERVICES_PER_ROUND = 512;

export interface AllocatorOptions {
  /** Which services are ours; all of them by default. */
  readonly share?: Share;
}

export function createAllocator({ share }: AllocatorOptions = {}): Reducer {
  const published = createPublishedPorts();
  let known: ClusterState | undefined;
  /** Services to look at: each until it is allocated, or was told why not. */
  const waiting = createWorkList({ share, tenantOf: (id) => known!.services.get(id)?.team ?? DEFAULT_TEAM });
  const faults = createFaults(waiting);
  /** Services that were told why not, to be looked at again when somebody gives something back. */
  const refused = new Set<string>();

  function decide(state: ClusterState, now: number): Decision[] {
    const decisions: Decision[] = [];
    const decided: string[] = [];
    const pickedNow = new Set<string>();
    waiting.wake(now, (id) => look(state, id, new Set(), now) !== undefined);
    while (decisions.length < MAX_SERVICES_PER_ROUND) {
      const id = waiting.take();
      if (id === undefined) break;
      const event = look(state, id, pickedNow, now);
      if (!event) continue;
      decisions.push({ event, expect: lastSeqOf(state, eventSubject('allocator', 'service', id)) });
      decided.push(id);
    }
    // Looked at again, after the others, until the state shows what was decided.
    for (const id of decided) waiting.add(id);
    if (decisions.length === 0) faults.tell();
    return decisions;
  }

  function look(
    state: ClusterState,
    id: string,
    pickedNow: Set<string>,
    now: number,
  ): EventDraft | undefined {
    return faults.guard(id, now, () => {
      const service = state.services.get(id);
      if (!service || !needsAllocation(service)) return undefined;
      const event = allocate(state, service, pickedNow);
      if (!event) refused.add(id);
      return event;
    });
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
      known = state;
      let givenBack = false;
      for (const id of changes.services) {
        const service = state.services.get(id);
        if (published.follow(id, service)) givenBack = true;
        refused.delete(id);
        if (service && needsAllocation(service)) waiting.add(id);
      }
      if (!givenBack) return;
      for (const id of refused) waiting.add(id);
      refused.clear();
    },
    noteDecision(_state, { address }) {
      share?.noteDecision(address.id);
      waiting.noteDecision(address.id);
    },
    decide,
    nextWake: waiting.nextWake,
    backlog: () => ({ services: waiting.size, held: waiting.held }),
  };
}

function needsAllocation(service: Service): boolean {
  return !service.removed && service.version.ports === undefined;
}
