// An example of every message: what the one says, in one small cluster, the next goes by.
import type { QueryAnswer, QueryName, QueryReply, QueryRequest } from '@muster/api';
import { composeEvent, type EventType, WIRE_VERSION } from '@muster/events';
import { networkSpecSchema, serviceSpecSchema, taskSpecSchema } from '@muster/model';
import { exampleEvents } from '../../shared/events/examples.ts';
import { exampleWay, networkAnswerExamples, networkRequestExamples } from './way-examples.ts';

export interface Example {
  readonly name: string;
  readonly payload: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const AT = Date.UTC(2026, 0, 1);
const serviceId = 'serviceid0000000000000001';
const nodeId = 'nodeid0000000000000000001';
const taskId = 'taskid0000000000000000001';
const networkId = 'networkid0000000000000001';
const clusterId = 'clusterid0000000000000001';
const taskSpec = taskSpecSchema.parse({ containerSpec: { image: 'nginx:alpine' } });
const spec = serviceSpecSchema.parse({
  name: 'web',
  taskTemplate: { containerSpec: { image: 'nginx:alpine' } },
});
const port = { protocol: 'tcp', targetPort: 80, publishedPort: 8080, publishMode: 'host' } as const;
const resources = { nanoCpus: 4e9, memoryBytes: 8 * 1024 ** 3 };
const nothing = { nanoCpus: 0, memoryBytes: 0 };

const service: QueryAnswer<'service.inspect'> = {
  id: serviceId,
  name: 'web',
  mode: 'replicated',
  replicas: 1,
  running: 1,
  maxReplicasPerNode: 0,
  image: 'nginx:alpine',
  labels: {},
  ports: [port],
  createdAt: AT,
  updatedAt: AT,
  version: 43,
  createdSeq: 43,
  spec,
  networks: [],
  virtualAddresses: [],
  removed: false,
};
const task: QueryAnswer<'task.inspect'> = {
  id: taskId,
  name: `web.1.${taskId}`,
  serviceId,
  serviceName: 'web',
  slot: 1,
  generation: 1,
  image: 'nginx:alpine',
  nodeId,
  hostname: 'one',
  desired: 'running',
  state: 'running',
  stateAt: AT,
  message: 'started',
  err: '',
  ports: [port],
  createdAt: AT,
  spec: taskSpec,
  labels: {},
  specVersion: 43,
  version: 47,
  runId: 'c0ffee',
  networks: [],
};
const subnet = { subnet: '10.0.3.0/24', gateway: '10.0.3.1' };
const network: QueryAnswer<'network.inspect'> = {
  id: 'networkid0000000000000001',
  name: 'backend',
  driver: 'overlay',
  internal: false,
  attachable: false,
  ingress: false,
  ipv6: false,
  labels: {},
  subnets: [subnet],
  services: 1,
  createdAt: AT,
  version: 41,
  spec: networkSpecSchema.parse({ name: 'backend' }),
  number: 3,
  removed: false,
  blocks: [{ block: '10.0.3.64/26', nodeId, hostname: 'one', tasks: 1 }],
  members: [
    {
      id: serviceId,
      name: 'web',
      addresses: ['10.0.3.7'],
      aliases: ['www'],
      tasks: [{ id: taskId, name: `web.1.${taskId}`, addresses: ['10.0.3.66'], nodeId, hostname: 'one' }],
    },
  ],
  omittedTasks: 0,
};
const node: QueryAnswer<'node.inspect'> = {
  id: nodeId,
  hostname: 'one',
  status: 'ready',
  statusMessage: '',
  availability: 'active',
  role: 'worker',
  backend: 'docker',
  engineVersion: '27.0.1',
  labels: { zone: 'a' },
  resources,
  reserved: nothing,
  activeTasks: 1,
  version: 12,
  spec: { availability: 'active', role: 'worker', labels: {} },
  description: {
    hostname: 'one',
    platform: { os: 'linux', architecture: 'x86_64' },
    resources,
    engine: { backend: 'docker', version: '27.0.1', labels: {} },
    labels: { zone: 'a' },
  },
  reads: 1,
  joinedAt: AT,
  statusAt: AT,
  reportedAt: AT,
};

/** Asked so that the intent with sequence 42 has been folded, and with what is particular to each. */
const asked: { readonly [Name in QueryName]: QueryRequest<Name> } = {
  'service.list': { minSeq: 42, limit: 1 },
  'service.inspect': { minSeq: 42, service: 'web' },
  'service.tasks': { service: 'web', team: 'payments' },
  'service.progress': { minSeq: 42, service: 'web', slots: 5 },
  'node.list': { cursor: `one ${nodeId}` },
  'node.inspect': { node: 'one' },
  'node.tasks': { node: 'one' },
  'network.list': {},
  'network.inspect': { network: 'backend' },
  'network.way': { from: 'web.1', to: 'web' },
  'task.inspect': { task: taskId },
  'state.hash': { at: 47 },
  'state.rows': { at: '2026-01-01T00:00:00Z', limit: 1 },
  audit: { about: 'web', waitMs: 2_000 },
  status: {},
};

const answered: { readonly [Name in QueryName]: QueryAnswer<Name> } = {
  'service.list': [service],
  'service.inspect': service,
  'service.tasks': [task],
  'service.progress': {
    id: serviceId,
    name: 'web',
    removed: false,
    replicas: 1,
    running: 1,
    completed: 0,
    failed: 0,
    stopping: 0,
    slots: [{ slot: 1, state: 'running', err: '', hostname: 'one' }],
  },
  'node.list': [node],
  'node.inspect': node,
  'node.tasks': [task],
  'network.list': [network],
  'network.inspect': network,
  'network.way': exampleWay({ taskId, serviceId, nodeId }),
  'task.inspect': task,
  'state.hash': { seq: 47, time: AT, hash: 'b1946ac92492d2347c6235b4d2611184' },
  'state.rows': [['meta', 47]],
  audit: [
    { seq: 42, time: AT, kind: 'intent.service.create', who: 'ana', what: 'asked to create web' },
    {
      seq: 43,
      time: AT,
      kind: 'service.created',
      id: serviceId,
      who: 'orchestrator',
      what: 'created web',
      cause: 42,
    },
  ],
  status: {
    head: 47,
    headTime: AT,
    cluster: { id: clusterId, name: 'muster' },
    wireVersion: 1,
    nodesReading: [{ version: 1, nodes: 1, hostnames: ['one'] }],
    services: 1,
    tasks: { running: 1 },
    nodes: { ready: 1 },
    unavailable: { pause: 0, drain: 1 },
    openIntents: 0,
    openPoison: 0,
    unschedulable: [],
    conflicts: 0,
    losses: [],
    voided: 0,
    foldVersion: 6,
  },
};

const others: Readonly<Record<string, readonly Example[]>> = {
  'intent.service.apply': [
    { name: 'short', payload: { image: 'nginx:alpine', replicas: 3, ports: ['8080:80'] } },
    { name: 'long', payload: { taskTemplate: { containerSpec: { image: 'nginx:alpine' } } } },
  ],
  'intent.service.create': [{ name: 'short', payload: { image: 'nginx:alpine' } }],
  'intent.service.update': [
    { name: 'anyVersion', payload: { image: 'nginx:1.29' } },
    { name: 'ifUnchanged', payload: { spec: { image: 'nginx:1.29' }, version: 43 } },
  ],
  'intent.service.scale': [{ name: 'scale', payload: { replicas: 5 } }],
  'intent.service.rollback': [{ name: 'rollback', payload: {} }],
  'intent.node.update': [
    { name: 'drain', payload: { availability: 'drain' } },
    { name: 'label', payload: { addLabels: { zone: 'a' }, removeLabels: ['old'] } },
  ],
  'intent.node.remove': [{ name: 'force', payload: { force: true } }],
  'intent.network.create': [
    { name: 'anySubnet', payload: {} },
    { name: 'ownSubnet', payload: { ipam: { configs: [{ subnet: '10.0.9.0/24' }] }, attachable: true } },
  ],
  'intent.network.remove': [{ name: 'remove', payload: {} }],
  'intent.cluster.update': [{ name: 'pools', payload: { defaultAddrPool: ['10.20.0.0/16'] } }],
  'intent.service.remove': [{ name: 'remove', payload: {} }],
  acknowledgement: [
    { name: 'stored', payload: { stream: 'MUSTER_LOG', seq: 42 } },
    {
      name: 'refused',
      payload: {
        stream: 'MUSTER_LOG',
        seq: 0,
        error: { code: 503, err_code: 10077, description: 'maximum bytes exceeded' },
      },
    },
  ],
  'command.task': [
    {
      name: 'run',
      payload: {
        v: 1,
        type: 'task',
        basis: 46,
        desired: 'running',
        task: {
          id: taskId,
          name: task.name,
          slot: 1,
          service: { id: serviceId, name: 'web', labels: {} },
          spec: taskSpec,
          ports: [port],
        },
        cluster: clusterId,
      },
    },
  ],
  'endpoints.network': [
    {
      name: 'network',
      payload: {
        v: 1,
        type: 'network',
        basis: 95,
        network: {
          id: networkId,
          name: 'backend',
          number: 3,
          internal: false,
          subnets: [{ subnet: '10.0.3.0/24', gateway: '10.0.3.1' }],
        },
        nodes: [{ id: nodeId, number: 1, underlay: '192.0.2.7', blocks: ['10.0.3.64/26'] }],
      },
    },
  ],
  'endpoints.service': [
    {
      name: 'service',
      payload: {
        v: 1,
        type: 'service',
        basis: 97,
        service: { id: serviceId, name: 'web' },
        address: '10.0.3.200',
        aliases: ['www'],
        tasks: [{ id: taskId, slot: 1, name: `web.1.${taskId}`, address: '10.0.3.70', node: 1 }],
      },
    },
  ],
  'endpoints.gone': [{ name: 'gone', payload: { v: 1, type: 'gone', basis: 120 } }],
  follows: [{ name: 'follows', payload: { seq: 12 } }],
  'command.forget': [{ name: 'forget', payload: { v: 1, type: 'forget', basis: 90 } }],
  heartbeat: [{ name: 'alive', payload: { session: '5f0c4d0e-3f7f-4d59-9a58-0f6a3a3f1c55' } }],
  'log.request': [
    { name: 'read', payload: { op: 'read', taskId, follow: true, tail: 100 } },
    { name: 'more', payload: { op: 'more', stream: '_INBOX.a1', received: 12 } },
    { name: 'stop', payload: { op: 'stop', stream: '_INBOX.a1' } },
  ],
  'log.part': [
    {
      name: 'lines',
      payload: { type: 'lines', part: 1, lines: [{ stream: 'stdout', line: 'ready', time: AT }] },
    },
    { name: 'end', payload: { type: 'end', part: 2 } },
    { name: 'error', payload: { type: 'error', part: 2, message: `no such task: ${taskId}` } },
  ],
  'network.request': networkRequestExamples(taskId),
  'network.answer': networkAnswerExamples,
  'exec.request': [{ name: 'date', payload: { taskId, command: ['date', '-u'] } }],
  'exec.answer': [
    {
      name: 'done',
      payload: {
        ok: true,
        exitCode: 0,
        stdout: 'Thu Jan  1 00:00:00 UTC 2026\n',
        stderr: '',
        truncated: false,
      },
    },
    { name: 'not', payload: { ok: false, message: `no such task: ${taskId}` } },
  ],
  'stats.answer': [
    {
      name: 'scheduler',
      payload: {
        process: '5f0c4d0e-3f7f-4d59-9a58-0f6a3a3f1c55',
        host: 'one',
        pid: 4711,
        version: '0.1.0',
        uptimeMs: 60_000,
        cpuMs: 900,
        memoryBytes: 90_000_000,
        roles: [
          {
            role: 'scheduler',
            copy: 'scheduler-4711',
            head: 47,
            folded: 12,
            decisions: 3,
            conflicts: 0,
            failures: 0,
            appends: [0, 3],
            waiting: { services: 0 },
          },
        ],
      },
    },
  ],
};

const NO_SERVICE = 'service web not found';
const refused: QueryReply = { seq: 47, error: { kind: 'not-found', message: NO_SERVICE } };

/** By the name of the message. */
export function listExamples(): ReadonlyMap<string, readonly Example[]> {
  const examples = new Map(Object.entries(others));
  for (const [type, draft] of Object.entries(exampleEvents)) {
    const { data } = composeEvent(draft, AT, { wire: WIRE_VERSION });
    examples.set(`event.${type as EventType}`, [
      { name: 'example', payload: JSON.parse(new TextDecoder().decode(data)) },
    ]);
  }
  for (const query of Object.keys(asked) as QueryName[]) {
    const isPage = query === 'service.list' || query === 'state.rows';
    examples.set(`query.${query}.request`, [{ name: 'request', payload: asked[query] }]);
    examples.set(`query.${query}.answer`, [
      {
        name: 'answer',
        payload: { seq: 47, answer: answered[query], ...(isPage && { next: 'web' }) },
      },
      ...(query === 'service.inspect'
        ? [
            {
              name: 'error',
              headers: { 'Nats-Service-Error': NO_SERVICE, 'Nats-Service-Error-Code': '404' },
              payload: refused,
            },
          ]
        : []),
    ]);
  }
  return examples;
}
