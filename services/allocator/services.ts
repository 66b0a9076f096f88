// Services: each version is given published ports and virtual addresses, once. It is looked at until it has them, or was told why
// not.
import { DEFAULT_TEAM } from '@muster/model';
import type { Look, LookedAfter } from '@muster/runtime';
import { type ClusterState, hostPortKey, type Service } from '@muster/state';
import { allocateVips } from './networks/allocate-vips.ts';
import type { Given } from './networks/given.ts';
import { allocatePorts } from './ports.ts';
import { createPublishedPorts } from './published-ports.ts';

export function allocateServices(given: Given): LookedAfter {
  const published = createPublishedPorts();
  /** What this round gives. */
  const picked = new Set<string>();
  /** Services that were told why not, to be looked at again when somebody gives something back. */
  const refused = new Set<string>();
  /** Those on networks, that wait for them or for what somebody has of them. */
  const onNetworks = new Set<string>();
  let known: ClusterState;

  function allocate(state: ClusterState, service: Service): Look | undefined {
    const { pickedPorts, publishers } = state;
    const { id: serviceId, version } = service;
    const vips = allocateVips(state, service, given);
    if (vips.is === 'waiting') return undefined;
    const allocation = allocatePorts(service, {
      isOwn: (key) => pickedPorts.get(key) === serviceId,
      isTaken: (key) =>
        publishers.of(key).length > 0 || picked.has(key) || (pickedPorts.get(key) ?? serviceId) !== serviceId,
    });
    if (!allocation.ok) return refuse(service, allocation.message);
    if (vips.is === 'refused') return refuse(service, vips.message);
    const addresses = vips.addresses.length > 0 && { addresses: vips.addresses };
    const { seq } = version;
    const { ports } = allocation;
    return {
      event: { type: 'service.allocated', cause: seq, serviceId, specVersion: seq, ports, ...addresses },
    };
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
        onNetworks.delete(id);
        if (!service || !needsAllocation(service)) continue;
        if (service.unschedulable) refused.add(id);
        if (service.version.networks.length > 0) onNetworks.add(id);
        yield id;
      }
      if (givenBack) yield* refused;
      for (const id of onNetworks.size > 0 ? changes.networks : []) yield* listOn(state, onNetworks, id);
    },
    look(state, id) {
      known = state;
      const service = state.services.get(id);
      return service && needsAllocation(service) ? allocate(state, service) : undefined;
    },
    beginRound() {
      picked.clear();
      given.clear();
    },
    give(event) {
      if (event.type !== 'service.allocated') return;
      given.note(known, event);
      for (const port of event.ports) picked.add(hostPortKey(port));
    },
  };
}

/** Said once. */
function refuse(
  { id: serviceId, version: { seq }, unschedulable }: Service,
  message: string,
): Look | undefined {
  if (unschedulable?.message === message) return undefined;
  return {
    event: { type: 'service.allocation_failed', cause: seq, serviceId, specVersion: seq, message },
  };
}

function listOn({ services }: ClusterState, ids: ReadonlySet<string>, networkId: string): string[] {
  return [...ids].filter((id) => services.get(id)?.version.networks.includes(networkId));
}

function needsAllocation(service: Service): boolean {
  return !service.removed && service.version.ports === undefined;
}
