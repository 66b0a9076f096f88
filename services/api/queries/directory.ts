// Names for ids, learnt from the log itself and never forgotten: a removed service and a reaped task keep theirs, as
// the state does not. What sentences about facts are made with.
import { type CreatedTask, type EventOf, type Fact, readStored, serviceSpecForm } from '@muster/events';
import { DEFAULT_TEAM, type NodeDescription, nameWithTeam, type ServiceSpec } from '@muster/model';
import { type ClusterState, placeOfTask } from '@muster/state';

export interface KnownTask {
  readonly id: string;
  readonly serviceId: string;
  /** Its slot, or the node that this belongs to. */
  readonly place: string;
  readonly generation: number;
  readonly replaces: string | undefined;
  /** The event that created it, and the spec that it runs. */
  readonly createdSeq: number;
  readonly specVersion: number;
}

export interface KnownService {
  readonly id: string;
  readonly team: string;
  readonly name: string;
  readonly firstSpec: ServiceSpec;
  spec: ServiceSpec;
  /** What a rollback goes back to, where that is known. */
  previousSpec: ServiceSpec | undefined;
}

export class Directory {
  readonly services = new Map<string, KnownService>();
  readonly tasks = new Map<string, KnownTask>();
  readonly nodes = new Map<string, NodeDescription>();
  readonly networks = new Map<string, { readonly team: string; readonly name: string }>();

  /** Learns from a fact. Call it after the sentence about the fact has been made: an update is told from before. */
  note(fact: Fact): void {
    if (fact.is !== 'event') return;
    const { event, seq } = fact;
    switch (event.type) {
      case 'service.created':
        this.noteService(event);
        break;
      case 'service.updated': {
        const service = this.services.get(event.serviceId);
        if (service) [service.previousSpec, service.spec] = [service.spec, event.spec];
        break;
      }
      case 'service.rolled_back': {
        const service = this.services.get(event.serviceId);
        if (!service?.previousSpec) break;
        // Who was asked to can be asked again; what failed is not gone back to.
        const left = event.actor === undefined ? undefined : service.spec;
        [service.previousSpec, service.spec] = [left, service.previousSpec];
        break;
      }
      case 'service.reconciled':
        for (const task of event.created) {
          if (this.tasks.has(task.id)) continue;
          const { serviceId, specVersion } = event;
          const { id, generation, replaces } = task;
          const place = placeOfCreated(task);
          this.tasks.set(id, { id, serviceId, place, generation, replaces, createdSeq: seq, specVersion });
        }
        break;
      case 'network.created':
        this.noteNetwork({ ...event, id: event.networkId });
        break;
      case 'node.joined':
        this.nodes.set(event.nodeId, event.description);
        break;
    }
  }

  /** Keeps the names, for the story to be told from the beginning. */
  rewind(): void {
    for (const service of this.services.values())
      Object.assign(service, { spec: service.firstSpec, previousSpec: undefined });
  }

  /** Whoever has the state need not read the log for the names of nodes, unless they were removed. */
  noteNodes({ nodes, removedNodes }: ClusterState): void {
    for (const { id, description } of removedNodes.values()) this.nodes.set(id, description);
    for (const { id, description } of nodes.values()) this.nodes.set(id, description);
  }

  /** Those that were removed are not among them. */
  noteNetworks({ networks }: ClusterState): void {
    for (const network of networks.values()) this.noteNetwork(network);
  }

  /** What there was at a moment, with its specs of then. What was gone by then is unknown. */
  noteState(state: ClusterState): void {
    this.noteNodes(state);
    this.noteNetworks(state);
    for (const { id, team, spec, previousSpec: stored } of state.services.values()) {
      const previousSpec = stored && readStored(serviceSpecForm, stored);
      this.services.set(id, { id, team, name: spec.name, firstSpec: spec, spec, previousSpec });
    }
    for (const task of state.tasks.values()) {
      const { id, generation, replaces, createdSeq } = task;
      const [serviceId, place, specVersion] = [task.service.id, placeOfTask(task), task.version.seq];
      this.tasks.set(id, { id, serviceId, place, generation, replaces, createdSeq, specVersion });
    }
  }

  private noteService({ serviceId: id, team = DEFAULT_TEAM, spec }: EventOf<'service.created'>): void {
    this.services.set(id, { id, team, name: spec.name, firstSpec: spec, spec, previousSpec: undefined });
  }

  private noteNetwork({
    id,
    team = DEFAULT_TEAM,
    spec,
  }: Pick<EventOf<'network.created'>, 'team' | 'spec'> & { id: string }): void {
    this.networks.set(id, { team, name: spec.name });
  }

  /** With its team, outside the default one: "payments/web". */
  nameService(id: string): string {
    const service = this.services.get(id);
    return service ? nameWithTeam(service) : shortenId(id);
  }

  nameNetwork(id: string): string {
    const network = this.networks.get(id);
    return network ? nameWithTeam(network) : shortenId(id);
  }

  nameNode(id: string): string {
    return this.nodes.get(id)?.hostname ?? shortenId(id);
  }

  /** `service.slot`, or `service.nodeid` */
  nameTask(id: string): string {
    const task = this.tasks.get(id);
    return task ? `${this.nameService(task.serviceId)}.${task.place}` : shortenId(id);
  }
}

export function placeOfCreated({ slot, node }: Pick<CreatedTask, 'slot' | 'node'>): string {
  return node ?? String(slot);
}

/** Docker shows twelve characters of an id. */
export function shortenId(id: string): string {
  return id.slice(0, 12);
}

/** Ranges and names in one sentence, at most; the rest is counted. */
const MAX_LISTED = 12;

/** "web.1-3, web.7, db.1": tasks in as few words as will do. */
export function listTaskNames(directory: Directory, ids: readonly string[]): string {
  const places = new Map<string, string[]>();
  const names: string[] = [];
  for (const id of ids) {
    const task = directory.tasks.get(id);
    if (!task) names.push(shortenId(id));
    else if (places.has(task.serviceId)) places.get(task.serviceId)!.push(task.place);
    else places.set(task.serviceId, [task.place]);
  }
  const ranges = [...places].flatMap(([serviceId, ofService]) =>
    listPlaces(directory.nameService(serviceId), ofService),
  );
  return shortenList([...ranges, ...names]);
}

/** "web.1-3, web.7" */
export function listPlaceNames(service: string, places: readonly string[]): string {
  return shortenList(listPlaces(service, places));
}

function listPlaces(service: string, places: readonly string[]): string[] {
  const isNumber = (place: string) => /^\d{1,8}$/.test(place);
  const ranges = listRanges(places.filter(isNumber).map(Number));
  const nodes = new Set(places.filter((place) => !isNumber(place)));
  return [...ranges, ...nodes].map((place) => `${service}.${place}`);
}

function shortenList(names: readonly string[]): string {
  if (names.length <= MAX_LISTED) return names.join(', ');
  return `${names.slice(0, MAX_LISTED).join(', ')} and ${names.length - MAX_LISTED} more`;
}

/** Two in a row stand side by side; more make a range. */
function listRanges(numbers: readonly number[]): string[] {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  const ranges: string[] = [];
  for (let start = 0; start < sorted.length; ) {
    let end = start;
    while (sorted[end + 1] === sorted[end]! + 1) end += 1;
    if (end - start >= 2) ranges.push(`${sorted[start]}-${sorted[end]}`);
    else for (let index = start; index <= end; index += 1) ranges.push(String(sorted[index]));
    start = end + 1;
  }
  return ranges;
}
