// Published ports: those left open (0) become ports of SwarmKit's dynamic range (manager/allocator/portallocator.go).
import { deriveId, type Port } from '@muster/model';
import { hostPortKey, type Service } from '@muster/state';

export const DYNAMIC_PORTS = { first: 30_000, last: 32_767 } as const;

const SIZE = DYNAMIC_PORTS.last - DYNAMIC_PORTS.first + 1;

export type Allocation =
  | { readonly ok: true; readonly ports: Port[] }
  | { readonly ok: false; readonly message: string };

/** Who has which port, as one service sees it. */
export interface PortSpace {
  /** Picked for this service. */
  isOwn(portKey: string): boolean;
  /** Picked for another one, or published by anybody by number. */
  isTaken(portKey: string): boolean;
}

export function allocatePorts(service: Service, { isOwn, isTaken }: PortSpace): Allocation {
  const held = listHeldPorts(service).filter((port) => isOwn(hostPortKey(port)));
  const ports = keepHeldPorts(service.version.requestedPorts, held);
  const used = new Set(ports.filter(({ publishedPort }) => publishedPort !== 0).map(hostPortKey));
  const isFree = (key: string) => !used.has(key) && !isTaken(key);
  for (const [index, port] of ports.entries()) {
    if (port.publishedPort !== 0) continue;
    const publishedPort = pickPort(service.id, port, isFree);
    if (publishedPort === undefined) {
      const { first, last } = DYNAMIC_PORTS;
      return {
        ok: false,
        message: `no free port: all ${port.protocol} ports from ${first} to ${last} are allocated`,
      };
    }
    ports[index] = { ...port, publishedPort };
    used.add(hostPortKey(ports[index]));
  }
  return { ok: true, ports };
}

/**
 * An open port takes over the number of the held port with its name, protocol and target, whatever the order; one
 * that the service itself now publishes by number is no longer to be had.
 */
export function keepHeldPorts(requested: readonly Port[], held: readonly Port[]): Port[] {
  const used = new Set(requested.filter(({ publishedPort }) => publishedPort !== 0).map(hostPortKey));
  return requested.map((port) => {
    if (port.publishedPort !== 0) return port;
    const match = held.find((other) => isSamePort(other, port) && !used.has(hostPortKey(other)));
    if (!match) return port;
    used.add(hostPortKey(match));
    return { ...port, publishedPort: match.publishedPort };
  });
}

function isSamePort(a: Port, b: Port): boolean {
  return (
    a.protocol === b.protocol && a.targetPort === b.targetPort && a.name === b.name && a.publishedPort !== 0
  );
}

/** The ports of the newest version before the present one that some task still remembers. */
function listHeldPorts({ tasks, version: current }: Service): readonly Port[] {
  if (current.requestedPorts.every(({ publishedPort }) => publishedPort !== 0)) return [];
  let newest = { seq: 0, ports: [] as readonly Port[] };
  for (const { version } of tasks.values()) {
    if (version !== current && version.ports && version.seq > newest.seq)
      newest = { seq: version.seq, ports: version.ports };
  }
  return newest.ports;
}

/**
 * The first free port from a place that the service and the port decide: two allocators that don't know of each
 * other's picks seldom meet, and a port just given back is seldom the next one given out.
 */
function pickPort(serviceId: string, port: Port, isFree: (portKey: string) => boolean): number | undefined {
  const { protocol, targetPort, name = '' } = port;
  const start = Number.parseInt(deriveId('port', serviceId, protocol, targetPort, name).slice(-8), 36) % SIZE;
  for (let step = 0; step < SIZE; step += 1) {
    const publishedPort = DYNAMIC_PORTS.first + ((start + step) % SIZE);
    if (isFree(hostPortKey({ publishedPort, protocol }))) return publishedPort;
  }
  return undefined;
}
