// Who publishes which port by number. A port of the mesh is one service's: SwarmKit's checkPortConflicts (manager/controlapi/service.go).
// A law, as an orchestrator that admits one service may meet another that admits the next. Several services may publish a port on
// nodes: where their tasks may run is the scheduler's matter.
import { readStored, serviceSpecForm } from '@muster/events';
import { type Port, type ServiceSpec, usesIngress } from '@muster/model';
import type { Service } from './state.ts';

export interface PublishedBy {
  readonly serviceId: string;
  readonly publishedPort: number;
  readonly publishMode: Port['publishMode'];
}

export class Publishers {
  readonly #byKey = new Map<string, readonly PublishedBy[]>();
  readonly #keysOf = new Map<string, ReadonlySet<string>>();

  /** Instead of what it published before. */
  set(serviceId: string, ports: readonly Port[]): void {
    this.delete(serviceId);
    const given = ports.filter(({ publishedPort }) => publishedPort !== 0);
    if (given.length === 0) return;
    this.#keysOf.set(serviceId, new Set(given.map(hostPortKey)));
    for (const port of given) {
      const { publishedPort, publishMode } = port;
      const key = hostPortKey(port);
      this.#byKey.set(key, [...this.of(key), { serviceId, publishedPort, publishMode }]);
    }
  }

  delete(serviceId: string): void {
    for (const key of this.#keysOf.get(serviceId) ?? []) {
      const others = this.of(key).filter((one) => one.serviceId !== serviceId);
      if (others.length > 0) this.#byKey.set(key, others);
      else this.#byKey.delete(key);
    }
    this.#keysOf.delete(serviceId);
  }

  of(portKey: string): readonly PublishedBy[] {
    return this.#byKey.get(portKey) ?? [];
  }
}

/** Of a service those that it publishes, and those of the spec that an update may yet go back to by itself. */
export function listClaims({ spec, update, previousSpec }: Claiming): readonly Port[] {
  const { ports } = spec.endpointSpec;
  if (update?.state !== 'updating' || !previousSpec) return ports;
  return [...ports, ...readStored(serviceSpecForm, previousSpec).endpointSpec.ports];
}

type Claiming = Pick<Service, 'spec' | 'update' | 'previousSpec'>;

/** "8080/tcp" */
export function hostPortKey(port: { readonly publishedPort: number; readonly protocol: string }): string {
  return `${port.publishedPort}/${port.protocol}`;
}

/** What the rule goes by. */
export interface PortHolders {
  readonly publishers: Pick<Publishers, 'of'>;
  readonly pickedPorts: ReadonlyMap<string, string>;
  readonly services: ReadonlyMap<
    string,
    { readonly spec: ServiceSpec; readonly version: { readonly ports: readonly Port[] | undefined } }
  >;
}

/** Another service has one of these ports, by number or as one that was picked for it, and it is of the mesh there or here. */
export function findPortConflict(
  state: PortHolders,
  ports: readonly Port[],
  serviceId?: string,
): PublishedBy | undefined {
  for (const port of ports) {
    if (port.publishedPort === 0) continue;
    const others = [...state.publishers.of(hostPortKey(port)), ...listPicked(state, port)];
    const isOfMesh = (one: Pick<Port, 'publishMode'>) => one.publishMode === 'ingress';
    const conflict = others.find(
      (other) => other.serviceId !== serviceId && (isOfMesh(port) || isOfMesh(other)),
    );
    if (conflict) return conflict;
  }
  return undefined;
}

function listPicked({ pickedPorts, services }: PortHolders, port: Port): PublishedBy[] {
  const key = hostPortKey(port);
  const serviceId = pickedPorts.get(key);
  const service = services.get(serviceId ?? '');
  if (serviceId === undefined || !service) return [];
  const picked = service.version.ports?.find((one) => hostPortKey(one) === key);
  // Between two versions nobody says what it was picked for.
  const publishMode = picked?.publishMode ?? (usesIngress(service.spec) ? 'ingress' : 'host');
  return [{ serviceId, publishedPort: port.publishedPort, publishMode }];
}
