// Views of a service, a task, a node and a network as the API gives them. For the tests here.
import type { NetworkDetail, NodeDetail, ServiceDetail, TaskDetail } from '@muster/api';
import { countReplicas, networkSpecSchema, normaliseServiceSpec, type ServiceSpec } from '@muster/model';

const TIME = Date.UTC(2026, 0, 1);

export function makeSpec(body: Record<string, unknown> = {}): ServiceSpec {
  const normalised = normaliseServiceSpec({ image: 'nginx:alpine', ...body }, 'web');
  if (!normalised.ok) throw new Error(normalised.refusal.message);
  return normalised.spec;
}

export function makeService(
  body: Record<string, unknown> = {},
  fields: Partial<ServiceDetail> = {},
): ServiceDetail {
  const spec = makeSpec(body);
  return {
    id: 's'.repeat(25),
    name: 'web',
    mode: 'replicated',
    replicas: countReplicas(spec),
    running: 0,
    maxReplicasPerNode: spec.taskTemplate.placement.maxReplicas,
    image: spec.taskTemplate.containerSpec.image,
    labels: spec.labels,
    ports: spec.endpointSpec.ports,
    createdAt: TIME,
    updatedAt: TIME + 1000,
    version: 8,
    createdSeq: 8,
    spec,
    networks: [],
    virtualAddresses: [],
    removed: false,
    ...fields,
  };
}

export function makeTask(fields: Partial<TaskDetail> = {}): TaskDetail {
  const spec = makeSpec().taskTemplate;
  return {
    id: 't'.repeat(25),
    name: `web.1.${'t'.repeat(25)}`,
    serviceId: 's'.repeat(25),
    serviceName: 'web',
    slot: 1,
    generation: 1,
    image: spec.containerSpec.image,
    nodeId: 'n'.repeat(25),
    hostname: 'node1',
    desired: 'running',
    state: 'running',
    stateAt: TIME,
    message: 'started',
    err: '',
    ports: [],
    createdAt: TIME,
    spec,
    labels: {},
    specVersion: 8,
    version: 12,
    networks: [],
    ...fields,
  };
}

export function makeNode(fields: Partial<NodeDetail> = {}): NodeDetail {
  const description = {
    hostname: 'node1',
    platform: { os: 'linux', architecture: 'amd64' },
    resources: { nanoCpus: 4e9, memoryBytes: 8 * 1024 ** 3 },
    engine: { backend: 'docker', version: '20.10.24', labels: { disk: 'ssd' } },
    labels: { rack: '7' },
    addr: '10.0.0.1',
  };
  return {
    id: 'n'.repeat(25),
    hostname: 'node1',
    status: 'ready',
    statusMessage: '',
    availability: 'active',
    role: 'worker',
    backend: 'docker',
    engineVersion: '20.10.24',
    labels: { rack: '7', zone: 'a' },
    resources: description.resources,
    reserved: { nanoCpus: 0, memoryBytes: 0 },
    activeTasks: 2,
    version: 7,
    spec: { availability: 'active', role: 'worker', labels: { zone: 'a' } },
    description,
    reads: 1,
    joinedAt: TIME,
    statusAt: TIME,
    reportedAt: TIME,
    ...fields,
  };
}

export function makeNetwork(fields: Partial<NetworkDetail> = {}): NetworkDetail {
  return {
    id: 'w'.repeat(25),
    name: 'backend',
    driver: 'overlay',
    internal: false,
    attachable: false,
    ingress: false,
    ipv6: false,
    labels: {},
    subnets: [{ subnet: '10.0.3.0/24', gateway: '10.0.3.1' }],
    services: 1,
    createdAt: TIME,
    version: 7,
    spec: networkSpecSchema.parse({ name: 'backend' }),
    number: 3,
    removed: false,
    blocks: [],
    members: [],
    omittedTasks: 0,
    ...fields,
  };
}
