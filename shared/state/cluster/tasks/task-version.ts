// What the tasks of a service run: each spec that asks for other tasks is a version.
import { readStored, type Stored, serviceSpecForm } from '@muster/events';
import { isPredefined, type Port, type Resources, type TaskSpec } from '@muster/model';

/** What a task runs: shared by all tasks made from the same spec. */
export interface TaskVersion {
  readonly handle: number;
  readonly serviceId: string;
  /** Log sequence of the event that set it. */
  readonly seq: number;
  /** The service's, of which it is a part. */
  readonly storedSpec: Stored;
  readonly spec: TaskSpec;
  /** Of the spec. */
  readonly reservations: Resources;
  readonly requestedPorts: readonly Port[];
  /** The network that it publishes through, without naming it; undefined where it publishes nothing so. */
  readonly ingress: string | undefined;
  /** Ids of the networks on which its tasks have addresses: those that it names, and the ingress network. */
  readonly networks: readonly string[];
  /** The requested ports with none left at 0; undefined until allocated. */
  ports: readonly Port[] | undefined;
  /** Tasks that run it and are remembered. */
  tasks: number;
  /** What was found when it was last compared with another; found again when it is not known. */
  readonly compared: Comparison;
}

/** What was found last: with the version of which sequence, 0 for none. */
export interface Comparison {
  to: number;
  difference: Difference;
}

/** What two versions differ in. */
export type Difference = 'same' | 'other placement' | 'different';

/** A version that no task runs yet. */
export function makeVersion(
  facts: Pick<TaskVersion, 'handle' | 'serviceId' | 'seq' | 'storedSpec' | 'ingress' | 'ports'>,
): TaskVersion {
  const { taskTemplate, endpointSpec } = readStored(serviceSpecForm, facts.storedSpec);
  const { nanoCpus, memoryBytes } = taskTemplate.resources.reservations;
  return {
    handle: facts.handle,
    serviceId: facts.serviceId,
    seq: facts.seq,
    storedSpec: facts.storedSpec,
    spec: taskTemplate,
    reservations: { nanoCpus, memoryBytes },
    requestedPorts: endpointSpec.ports,
    ingress: facts.ingress,
    networks: listNetworks(taskTemplate, facts.ingress),
    ports: facts.ports,
    tasks: 0,
    compared: { to: 0, difference: 'same' },
  };
}

const none: readonly string[] = [];

function listNetworks({ networks = [] }: TaskSpec, ingress: string | undefined): readonly string[] {
  if (networks.length === 0 && ingress === undefined) return none;
  const named = networks.map(({ target }) => target).filter((target) => !isPredefined(target));
  return ingress === undefined ? named : [...named, ingress];
}
