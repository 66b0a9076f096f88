// Whether everybody was told who is where on networks, as the state is: written without the dispatcher's own rule, on purpose.
import { decodeEndpoints, type Endpoints, endpointsSubject } from '@muster/events';
import type { MemoryEndpointStore } from '@muster/log';
import { TaskState } from '@muster/model';
import type { ClusterState } from '@muster/state';

export function* checkEndpoints(state: ClusterState, store: MemoryEndpointStore): Generator<string> {
  const said = new Map<string, Endpoints>();
  for (const { of, data } of store.current()) said.set(endpointsSubject(of), decodeEndpoints(data));
  for (const [networkId, { number, spaces, spec }] of state.networks) {
    if (number === undefined) continue;
    const wanted = new Set<string>();
    for (const space of spaces)
      for (const { nodeId } of space.blocks())
        if (state.nodes.get(nodeId)?.number !== undefined) wanted.add(nodeId);
    // What is published is answered everywhere.
    for (const [id, node] of spec.ingress ? state.nodes : [])
      if (node.number !== undefined && node.description.addr) wanted.add(id);
    const endpoints = take(endpointsSubject({ networkId }));
    const nodes = endpoints?.type === 'network' ? endpoints.nodes.map(({ id }) => id) : undefined;
    if (!isSame(nodes, wanted)) yield `of network ${spec.name} other nodes are told: ${nodes}`;
  }
  for (const [serviceId, { removed, spec, tasks, version, addresses }] of state.services) {
    if (removed) continue;
    // An update that takes a service off a network, and is paused, leaves tasks there.
    const onWhich = new Set(version.networks);
    for (const { observed, desired, addresses: own = [] } of tasks.values())
      if (observed === TaskState.RUNNING && desired === TaskState.RUNNING)
        for (const { networkId } of own) onWhich.add(networkId);
    for (const networkId of onWhich) {
      if (state.networks.get(networkId)?.number === undefined) continue;
      const wanted = new Set<string>();
      for (const { id, observed, desired, node, addresses: own = [] } of tasks.values()) {
        const isOn = node?.number !== undefined && own.some((address) => address.networkId === networkId);
        if (isOn && observed === TaskState.RUNNING && desired === TaskState.RUNNING) wanted.add(id);
      }
      const endpoints = take(endpointsSubject({ networkId, serviceId }));
      const service = endpoints?.type === 'service' ? endpoints : undefined;
      if (
        !isSame(
          service?.tasks.map(({ id }) => id),
          wanted,
        )
      )
        yield `of service ${spec.name} other tasks are told: ${service?.tasks.map(({ id }) => id)}`;
      const vip = addresses.find((address) => address.networkId === networkId)?.address;
      if (service?.address !== vip)
        yield `of service ${spec.name} ${service?.address} is told, and it has ${vip}`;
    }
  }
  for (const [subject, endpoints] of said) {
    const isEmpty = endpoints.type === 'service' && endpoints.tasks.length === 0;
    if (endpoints.type !== 'gone' && !isEmpty) yield `${subject} is told, and gone`;
  }

  function take(subject: string): Endpoints | undefined {
    const found = said.get(subject);
    said.delete(subject);
    return found;
  }
}

function isSame(ids: readonly string[] | undefined, wanted: ReadonlySet<string>): boolean {
  return ids !== undefined && ids.length === wanted.size && ids.every((id) => wanted.has(id));
}
