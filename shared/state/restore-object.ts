// From the row of an object back to the object. Its links say which number the tables know it by.
import type { IntentFact } from '@muster/events';
import type { Links } from './capture.ts';
import type { Row } from './rows.ts';
import {
  type ClusterState,
  makeNode,
  makeService,
  type NodeFacts,
  type ServiceFacts,
  type TaskVersion,
} from './state.ts';

interface Known {
  readonly nodes: ReadonlyMap<string, Links['nodes'][number]>;
  readonly services: ReadonlyMap<string, Links['services'][number]>;
  readonly versions: ReadonlyMap<string, Links['versions'][number]>;
}

const knownLinks = new WeakMap<Links, Known>();

export function restoreObject(state: ClusterState, links: Links, row: Row): void {
  const known = knownLinks.get(links) ?? indexLinks(links);
  switch (row[0]) {
    case 'head': {
      const [, head, headTime, digest, conflicts, astray, halted] = row;
      Object.assign(state, { head, headTime, digest, conflicts, astray, halted: halted ?? undefined });
      return;
    }
    case 'node':
      restoreNode(state, known, row[1] as NodeFacts & { readonly strays: readonly string[] });
      return;
    case 'service':
      restoreService(state, known, row[1] as StoredService);
      return;
    case 'version':
      restoreVersion(state, known, row as unknown as StoredVersion);
      return;
    case 'intent': {
      const fact = row[1] as IntentFact;
      state.intents.add({ ...fact, body: fact.body, error: fact.error, name: fact.name });
      return;
    }
    case 'poison':
      state.poison.set(row[1] as number, row[2] as { subject: string; reason: string });
      return;
    case 'last':
      state.lastSeqs.set(row[1] as string, row[2] as number);
      return;
    case 'port':
      state.pickedPorts.set(row[1] as string, row[2] as string);
      return;
    default:
      throw new Error(`unknown row "${row[0]}"`);
  }
}

function restoreNode(
  state: ClusterState,
  known: Known,
  { strays, ...facts }: NodeFacts & { readonly strays: readonly string[] },
): void {
  const [, handle, first, last] = known.nodes.get(facts.id)!;
  const node = makeNode(state.tables, handle, facts, strays);
  Object.assign(node.tasks, { first, last });
  state.tables.nodes.put(handle, node);
  state.nodes.set(node.id, node);
}

type StoredService = Omit<ServiceFacts, 'version' | 'actor'> & { readonly versionSeq: number };

/** Its versions come later: until then it has none. */
function restoreService(state: ClusterState, known: Known, { versionSeq, ...stored }: StoredService): void {
  const [, handle, actor] = known.services.get(stored.id)!;
  const unschedulable = stored.unschedulable ?? undefined;
  const version = { seq: versionSeq } as TaskVersion;
  const service = makeService(state.tables, handle, { ...stored, actor, unschedulable, version });
  state.tables.services.put(handle, service);
  state.services.set(service.id, service);
  if (!service.removed) state.serviceByName.set(service.spec.name, service);
}

type StoredVersion = readonly [
  kind: string,
  serviceId: string,
  seq: number,
  spec: TaskVersion['spec'],
  requestedPorts: TaskVersion['requestedPorts'],
  ports: TaskVersion['requestedPorts'] | null,
];

function restoreVersion(state: ClusterState, known: Known, row: StoredVersion): void {
  const [, serviceId, seq, spec, requestedPorts, ports] = row;
  const [, , handle] = known.versions.get(`${serviceId} ${seq}`)!;
  const version = { handle, serviceId, seq, spec, requestedPorts, ports: ports ?? undefined, tasks: 0 };
  state.tables.versions.put(handle, version);
  const service = state.services.get(serviceId)!;
  if (service.version.seq === seq) service.version = version;
}

function indexLinks(links: Links): Known {
  const known: Known = {
    nodes: new Map(links.nodes.map((link) => [link[0], link])),
    services: new Map(links.services.map((link) => [link[0], link])),
    versions: new Map(links.versions.map((link) => [`${link[0]} ${link[1]}`, link])),
  };
  knownLinks.set(links, known);
  return known;
}
