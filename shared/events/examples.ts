// One event of each type, as its writer composes it: complete enough that every field is there once.
import { networkSpecSchema, serviceSpecSchema } from '@muster/model';
import type { EventType } from './catalogue.ts';
import type { EventDraft } from './reading/encode.ts';

const serviceId = 'serviceid0000000000000001';
const nodeId = 'nodeid0000000000000000001';
const tasks = ['taskid0000000000000000001', 'taskid0000000000000000002'];
const [task, other] = tasks as [string, string];
const networkId = 'networkid0000000000000001';
const spec = serviceSpecSchema.parse({
  name: 'web',
  taskTemplate: { containerSpec: { image: 'nginx' }, networks: [{ target: 'bridge', aliases: ['www'] }] },
  endpointSpec: { mode: 'vip' },
});
const networkSpec = networkSpecSchema.parse({
  name: 'backend',
  ipam: {
    configs: [
      {
        subnet: '10.0.3.0/24',
        ipRange: '10.0.3.0/25',
        gateway: '10.0.3.1',
        auxAddresses: { router: '10.0.3.2' },
      },
    ],
  },
});

export const exampleEvents: { readonly [Type in EventType]: Extract<EventDraft, { type: Type }> } = {
  'cluster.created': {
    type: 'cluster.created',
    cause: 0,
    clusterId: 'clusterid0000000000000001',
    name: 'muster',
  },
  'cluster.records_lost': {
    type: 'cluster.records_lost',
    cause: 0,
    after: 3,
    to: 9,
    basis: 9,
    intents: [{ seq: 5, subject: 'muster.intent.ana.service.apply.web' }],
    omitted: 2,
  },
  'cluster.commands_ahead': { type: 'cluster.commands_ahead', cause: 0, basis: 9 },
  'cluster.version_raised': { type: 'cluster.version_raised', cause: 1, version: 2 },
  'cluster.updated': {
    type: 'cluster.updated',
    cause: 4,
    actor: 'ana',
    addressPools: { pools: ['10.20.0.0/16'], prefix: 24 },
  },
  'service.created': { type: 'service.created', cause: 1, serviceId, actor: 'ana', spec },
  'service.updated': { type: 'service.updated', cause: 2, serviceId, actor: 'ana', spec },
  'service.rolled_back': {
    type: 'service.rolled_back',
    cause: 4,
    serviceId,
    actor: 'ana',
    message: 'manually requested rollback',
  },
  'service.update_ended': {
    type: 'service.update_ended',
    cause: 4,
    serviceId,
    specVersion: 4,
    state: 'completed',
    message: 'update completed',
  },
  'service.removed': { type: 'service.removed', cause: 3, serviceId, actor: 'ana' },
  'service.reconciled': {
    type: 'service.reconciled',
    cause: 4,
    serviceId,
    specVersion: 4,
    created: [
      {
        id: task,
        slot: 1,
        generation: 2,
        desired: 'ready',
        startAt: 1_767_225_600_000,
        replaces: other,
        cause: 'restart',
        node: nodeId,
      },
    ],
    desired: [{ id: other, state: 'shutdown' }],
    reaped: [],
    why: ['web.1 ended; replaced after 5 s'],
  },
  'service.allocated': {
    type: 'service.allocated',
    cause: 4,
    serviceId,
    specVersion: 4,
    ports: [{ protocol: 'tcp', targetPort: 80, publishedPort: 30000, publishMode: 'host' }],
    addresses: [{ networkId, address: '10.0.3.7' }],
  },
  'service.allocation_failed': {
    type: 'service.allocation_failed',
    cause: 4,
    serviceId,
    specVersion: 4,
    message: 'port 8080/tcp is already in use',
  },
  'tasks.unschedulable': {
    type: 'tasks.unschedulable',
    cause: 5,
    serviceId,
    specVersion: 4,
    message: 'no suitable node (insufficient resources on 1 node)',
    refused: [{ filter: 'resources', nodes: 1 }],
  },
  'tasks.assigned': {
    type: 'tasks.assigned',
    cause: 5,
    nodeId,
    tasks,
    why: [
      {
        serviceId,
        considered: 3,
        refused: [{ filter: 'ready', nodes: 1 }],
        serviceTasks: 0,
        totalTasks: 2,
      },
    ],
  },
  'network.created': { type: 'network.created', cause: 1, networkId, actor: 'ana', spec: networkSpec },
  'network.removed': { type: 'network.removed', cause: 3, networkId, actor: 'ana' },
  'network.allocated': {
    type: 'network.allocated',
    cause: 4,
    networkId,
    number: 3,
    subnets: [{ subnet: '10.0.3.0/24', gateway: '10.0.3.1' }],
  },
  'network.allocation_failed': {
    type: 'network.allocation_failed',
    cause: 4,
    networkId,
    message: 'no subnet is free: the address pool 10.0.0.0/8 is exhausted',
  },
  'node.allocated': {
    type: 'node.allocated',
    cause: 5,
    nodeId,
    number: 1,
    blocks: [{ networkId, block: '10.0.3.64/26' }],
    tasks: [{ id: task, addresses: [{ networkId, address: '10.0.3.66' }] }],
  },
  'node.allocation_failed': {
    type: 'node.allocation_failed',
    cause: 5,
    nodeId,
    tasks,
    message: 'no address is free on network backend: all of 10.0.3.0/24 are taken',
  },
  'node.updated': {
    type: 'node.updated',
    cause: 5,
    nodeId,
    actor: 'ana',
    spec: { availability: 'drain', role: 'worker', labels: { zone: 'a' } },
  },
  'node.removed': { type: 'node.removed', cause: 6, nodeId, actor: 'ana' },
  'node.status_changed': {
    type: 'node.status_changed',
    cause: 6,
    nodeId,
    status: 'down',
    message: 'heartbeat failure',
  },
  'tasks.orphaned': { type: 'tasks.orphaned', cause: 7, nodeId, tasks },
  'tasks.undelivered': {
    type: 'tasks.undelivered',
    cause: 7,
    nodeId,
    tasks,
    reason: 'the command has 1100000 bytes, and the store takes at most 1048448',
  },
  'node.joined': {
    type: 'node.joined',
    cause: 0,
    nodeId,
    session: 'a',
    reads: 1,
    description: {
      hostname: 'one',
      platform: { os: 'linux', architecture: 'x86_64' },
      resources: { nanoCpus: 4e9, memoryBytes: 8 * 1024 ** 3 },
      engine: { backend: 'docker', version: '27.0.1', labels: { disk: 'ssd' } },
      labels: { zone: 'a' },
      addr: '10.0.0.1',
      networks: ['overlay'],
    },
  },
  'tasks.reported': {
    type: 'tasks.reported',
    cause: 0,
    nodeId,
    session: 'a',
    statuses: [
      {
        id: task,
        state: 'failed',
        at: 1_767_225_600_000,
        message: 'started',
        err: 'task: non-zero exit (137)',
        exitCode: 137,
        runId: 'c0ffee',
      },
    ],
    gone: [other],
  },
  'intent.rejected': {
    type: 'intent.rejected',
    cause: 8,
    intent: 8,
    actor: 'ana',
    kind: 'invalid',
    message: 'unknown field "imgae"',
    field: 'imgae',
  },
  'intent.satisfied': {
    type: 'intent.satisfied',
    cause: 9,
    intent: 9,
    actor: 'ana',
    message: 'the service is as described',
  },
  'event.quarantined': {
    type: 'event.quarantined',
    cause: 10,
    record: 10,
    subject: 'muster.event.agent.node.n1',
    reason: 'the payload is not JSON',
  },
  'record.voided': {
    type: 'record.voided',
    cause: 17,
    actor: 'ana',
    record: 17,
    subject: 'muster.event.orchestrator.service.serviceid0000000000000001',
    sum: 3735928559,
    reason: 'a test wrote it by mistake',
  },
};
