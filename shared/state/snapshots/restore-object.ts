// From the row of an object back to the object. Its links say which number the tables know it by.
import {
  type IntentFact,
  nodeDescriptionForm,
  readStored,
  type Stored,
  serviceSpecForm,
} from '@muster/events';
import { DEFAULT_TEAM } from '@muster/model';
import { isGlobal } from '../cluster/global-service.ts';
import type { ServiceUpdate } from '../cluster/service-update.ts';
import {
  type ClusterState,
  makeNode,
  makeService,
  makeVersion,
  type NodeFacts,
  type ServiceFacts,
  type TaskVersion,
} from '../cluster/state.ts';
import { haltBeyond } from '../fold/evolve-cluster.ts';
import type { Loss } from '../fold/losses.ts';
import type { Links } from './capture.ts';
import type { Row } from './rows.ts';

interface Known {
  readonly nodes: ReadonlyMap<string, Links['nodes'][number]>;
  readonly services: ReadonlyMap<string, Links['services'][number]>;
  readonly versions: ReadonlyMap<string, Links['versions'][number]>;
}

const knownLinks = new WeakMap<Links, Known>();

export function restoreObject(state: ClusterState, links: Links, row: Row): void {
  const known = knownLinks.get(links) ?? indexLinks(links);
  switch (row[0]) {
    case 'head':
      restoreHead(state, row[1] as StoredHead);
      return;
    case 'losses':
      state.basisOffset = row[1] as number;
      state.losses.push(...(row[2] as readonly Loss[]));
      return;
    case 'voided':
      for (const seq of row[1] as readonly number[]) state.voided.add(seq);
      return;
    case 'sessions over':
      for (const [id, session] of row[1] as [string, string][]) state.sessionsOver.set(id, session);
      return;
    case 'node':
      restoreNode(state, known, row[1] as StoredNode);
      return;
    case 'service':
      restoreService(state, known, row[1] as StoredService);
      return;
    case 'version':
      restoreVersion(state, known, row[1] as StoredVersion);
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

type StoredHead = Pick<ClusterState, 'head' | 'headTime' | 'digest' | 'conflicts' | 'astray' | 'cluster'> &
  Partial<Pick<ClusterState, 'wireVersion'>> & { readonly halted?: string };

function restoreHead(state: ClusterState, { halted, ...stored }: StoredHead): void {
  Object.assign(state, stored);
  if (halted !== undefined) state.halted = { reason: halted };
  haltBeyond(state);
}

type StoredNode = Omit<NodeFacts, 'storedDescription' | 'description' | 'storedSpec' | 'specSeq' | 'reads'> &
  StoredForm<'description'> & {
    readonly strays: readonly string[];
    readonly reads?: number;
    readonly spec?: Stored;
    readonly specSeq?: number;
  };

function restoreNode(state: ClusterState, known: Known, row: StoredNode): void {
  const { strays, description: content, wire = 1, reads = 1, spec: storedSpec, specSeq = 0, ...rest } = row;
  const facts = { ...rest, reads, storedSpec, specSeq };
  const [, handle, first, last] = known.nodes.get(facts.id)!;
  const storedDescription = { wire, content };
  const description = readStored(nodeDescriptionForm, storedDescription);
  const node = makeNode(state.tables, handle, { ...facts, storedDescription, description }, strays);
  Object.assign(node.tasks, { first, last });
  state.tables.nodes.put(handle, node);
  (node.removed ? state.removedNodes : state.nodes).set(node.id, node);
}

type StoredService = Omit<
  ServiceFacts,
  'version' | 'team' | 'storedSpec' | 'spec' | 'unschedulable' | 'previousSpec' | 'update'
> &
  StoredForm<'spec'> & {
    readonly versionSeq: number;
    readonly team?: string;
    readonly unschedulable?: NonNullable<ServiceFacts['unschedulable']>;
    readonly previousSpec?: Stored;
    readonly update?: ServiceUpdate;
  };

/** Its versions come later: until then it has none. */
function restoreService(state: ClusterState, known: Known, row: StoredService): void {
  const { versionSeq, team = DEFAULT_TEAM, spec: content, wire = 1, unschedulable, ...rest } = row;
  const { previousSpec, update, ...facts } = rest;
  const [, handle] = known.services.get(facts.id)!;
  const version = { seq: versionSeq } as TaskVersion;
  const storedSpec = { wire, content };
  const spec = readStored(serviceSpecForm, storedSpec);
  const service = makeService(state.tables, handle, {
    ...facts,
    team,
    storedSpec,
    spec,
    unschedulable,
    previousSpec,
    update,
    version,
  });
  state.tables.services.put(handle, service);
  state.services.set(service.id, service);
  if (service.removed) return;
  state.serviceByName.add(service);
  if (isGlobal(service)) state.globalServices.add(service);
}

type StoredVersion = Pick<TaskVersion, 'serviceId' | 'seq'> &
  StoredForm<'spec'> & { readonly ports?: NonNullable<TaskVersion['ports']> };

function restoreVersion(state: ClusterState, known: Known, row: StoredVersion): void {
  const { serviceId, seq, spec: content, wire = 1, ports } = row;
  const [, , handle] = known.versions.get(`${serviceId} ${seq}`)!;
  const version = makeVersion({ handle, serviceId, seq, storedSpec: { wire, content }, ports });
  state.tables.versions.put(handle, version);
  const service = state.services.get(serviceId)!;
  if (service.version.seq === seq) service.version = version;
}

/** A form as a row has it: as it was stored, with its wire version unless that is the first. */
type StoredForm<Fact extends string> = { readonly [Key in Fact]: unknown } & { readonly wire?: number };

function indexLinks(links: Links): Known {
  const known: Known = {
    nodes: new Map(links.nodes.map((link) => [link[0], link])),
    services: new Map(links.services.map((link) => [link[0], link])),
    versions: new Map(links.versions.map((link) => [`${link[0]} ${link[1]}`, link])),
  };
  knownLinks.set(links, known);
  return known;
}
