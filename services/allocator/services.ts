// Services: each version is given published ports, once. It is looked at until it has them, or was told why not.
import { DEFAULT_TEAM } from '@muster/model';
import type { Look, LookedAfter } from '@muster/runtime';
import { type ClusterState, hostPortKey, type Service } from '@muster/state';
import { allocatePorts } from './ports.ts';
import { createPublishedPorts } from './published-ports.ts';

export function allocateServices(): LookedAfter {
  const published = createPublishedPorts();
  /** What this round gives. */
  const picked = new Set<string>();
  /** Services that were told why not, to be looked at again when somebody gives something back. */
  const refused = new Set<string>();

  function allocate({ pickedPorts }: ClusterState, service: Service): Look | undefined {
    const { id: serviceId, version, unschedulable } = service;
    const allocation = allocatePorts(service, {
      isOwn: (key) => pickedPorts.get(key) === serviceId,
      isTaken: (key) =>
        published.has(key) || picked.has(key) || (pickedPorts.get(key) ?? serviceId) !== serviceId,
    });
    const common = { cause: version.seq, serviceId, specVersion: version.seq };
    if (allocation.ok) return { event: { type: 'service.allocated', ...common, ports: allocation.ports } };
    const { message } = allocation;
    if (unschedulable?.message === message) return undefined;
    return { event: { type: 'service.allocation_failed', ...common, message } };
  }

  return {
    name: 'services',
    subject: 'service',
    perRound: 512,
    tenantOf: (state, id) => state.services.get(id)?.team ?? DEFAULT_TEAM,
    *concerned(state, changes) {
      let givenBack = false;
      for (const id of changes.services) {
        const service = state.services.get(id);
        if (published.follow(id, service)) givenBack = true;
        refused.delete(id);
        if (!service || !needsAllocation(service)) continue;
        if (service.unschedulable) refused.add(id);
        yield id;
      }
      if (givenBack) yield* refused;
    },
    look(state, id) {
      const service = state.services.get(id);
      return service && needsAllocation(service) ? allocate(state, service) : undefined;
    },
    beginRound: () => picked.clear(),
    give(event) {
      if (event.type !== 'service.allocated') return;
      for (const port of event.ports) picked.add(hostPortKey(port));
    },
  };
}

function needsAllocation(service: Service): boolean {
  return !service.removed && service.version.ports === undefined;
}
