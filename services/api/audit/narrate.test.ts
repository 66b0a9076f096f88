import { decode, definitionByType, type EventDraft, type Fact, WIRE_VERSION } from '@muster/events';
import { INITIAL_NODE_SPEC, networkSpecSchema } from '@muster/model';
import {
  coverNodes,
  createService,
  type History,
  joinReadyNode,
  report,
  startHistory,
} from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { Directory } from '../queries/directory.ts';
import { narrate } from './narrate.ts';
import { runService, specOf } from './story.fixture.ts';

let history: History;
beforeEach(() => {
  history = startHistory();
});

/** The last record as a sentence, with names learnt from everything before. */
function tellLast(focus?: (id: string) => boolean) {
  const facts = history.records.map((record) => decode(record));
  const directory = new Directory();
  for (const fact of facts.slice(0, -1)) directory.note(fact);
  const narration = narrate(facts.at(-1)!, directory, focus);
  return narration;
}

function tell(event: EventDraft) {
  history.append(event);
  return tellLast();
}

describe('intents', () => {
  it.each([
    ['create', 'web', { image: 'nginx', replicas: 3 }, 'asked to create service web (nginx, 3 replicas)'],
    ['apply', undefined, { name: 'web', image: 'nginx' }, 'asked to apply service web (nginx, 1 replica)'],
    ['update', 'web', { spec: { image: 'nginx:2' } }, 'asked to update service web (nginx:2, 1 replica)'],
    ['scale', 'web', { replicas: 5 }, 'asked to scale service web to 5'],
    ['scale', 'web', null, 'asked to scale service web to undefined'],
    ['remove', 'web', undefined, 'asked to remove service web'],
    ['rollback', 'web', undefined, 'asked to roll back service web'],
    ['explode', 'web', undefined, 'asked to explode service web'],
  ])('%s %s', (verb, name, body, what) => {
    history.intend(verb, name, body);
    expect(tellLast()).toEqual({ who: 'ana', what });
  });

  it('that are garbage still have a sentence', () => {
    history.record('muster.intent.ana.service.apply.web', new TextEncoder().encode('{'));
    expect(tellLast()).toMatchObject({ who: 'ana', what: expect.stringContaining("can't be read") });
    history.record('muster.intent.', new TextEncoder().encode('[1]'));
    expect(tellLast()).toMatchObject({ who: 'somebody' });
  });
});

describe('events', () => {
  it('of a service say what was accepted, and what changed', () => {
    const { id, intent } = runService(history, 'web', { replicas: 2, running: 0 });
    const spec = specOf({ image: 'nginx:2', replicas: 5, env: ['A=1'] }, 'web');
    expect(tell({ type: 'service.updated', cause: intent, serviceId: id, actor: 'ana', spec })).toEqual({
      who: 'orchestrator',
      what: `accepted #${intent}: service web is updated: image nginx -> nginx:2, env [] -> ["A=1"], replicas 2 -> 5`,
      cause: intent,
    });
    expect(tell({ type: 'service.removed', cause: 9, serviceId: id, actor: 'ana' }).what).toBe(
      'accepted #9: service web is removed, with its tasks',
    );
  });

  it('of an update say what it went back to, by whom, and how it ended', () => {
    history = startHistory({ wire: 2 });
    const { id, intent } = runService(history, 'web', { replicas: 2, running: 0 });
    const spec = specOf({ image: 'nginx:2', replicas: 2 }, 'web');
    history.append({ type: 'service.updated', cause: intent, serviceId: id, actor: 'ana', spec });
    const back = { type: 'service.rolled_back', cause: 9, serviceId: id, message: 'why' } as const;
    const what = 'service web goes back to its spec before: image nginx:2 -> nginx';
    expect(tell(back)).toEqual({ who: 'orchestrator', what, why: 'why', cause: 9 });
    history.append({ type: 'service.updated', cause: intent, serviceId: id, actor: 'ana', spec });
    expect(tell({ ...back, actor: 'ana' }).what).toBe(`accepted #9: ${what}`);
    // Who goes back twice goes forward again.
    expect(tell({ ...back, actor: 'ana' }).what).toContain('image nginx -> nginx:2');
    const ended = { type: 'service.update_ended', cause: 9, serviceId: id, specVersion: 4 } as const;
    expect(tell({ ...ended, state: 'rollback_paused', message: 'why' })).toMatchObject({
      what: 'the rollback of web is paused',
      why: 'why',
    });
    // There is nothing to add to that.
    expect(tell({ ...ended, state: 'completed', message: 'update completed' })).not.toHaveProperty('why');
  });

  it.each(['__proto__', 'constructor', 'toString', 'valueOf'])('of a label called %s are told', (name) => {
    const { id, intent } = runService(history, 'web', { replicas: 1, running: 0 });
    const labelled = specOf({ image: 'nginx', labels: Object.fromEntries([[name, 'x']]) }, 'web');
    const plain = specOf({ image: 'nginx' }, 'web');
    const update = { type: 'service.updated', cause: intent, serviceId: id, actor: 'ana' } as const;
    expect(tell({ ...update, spec: labelled }).what).toMatch(`labels.${name} none -> x`);
    expect(tell({ ...update, spec: plain }).what).toMatch(`labels.${name} x -> none`);
  });

  it('of many tasks stay short', () => {
    const { id, tasks } = runService(history, 'web', { replicas: 1000, running: 0 });
    const reconciled = {
      type: 'service.reconciled',
      cause: 3,
      serviceId: id,
      specVersion: 2,
      desired: tasks.map((task) => ({ id: task, state: 'remove' as const })),
      why: ['scale down from 1000 to 0: 1000 slots removed'],
    } as const;
    expect(tell({ ...reconciled, why: [...reconciled.why] })).toEqual({
      who: 'orchestrator',
      what: 'wants web.1-1000 removed',
      why: 'scale down from 1000 to 0: 1000 slots removed',
      cause: 3,
    });
  });

  it('of a replacement name the task that was there before', () => {
    const { id, tasks } = runService(history, 'web', { replicas: 2, running: 0 });
    const [before] = tasks;
    const what = tell({
      type: 'service.reconciled',
      cause: 5,
      serviceId: id,
      specVersion: 2,
      created: [{ id: 'n'.repeat(25), slot: 1, generation: 2, replaces: before!, cause: 'restart' }],
      desired: [{ id: before!, state: 'shutdown' }],
      why: ['web.1 ended: exit; replaced', 'web.2 is all right'],
    });
    expect(what).toMatchObject({
      what: `created web.1 in place of task ${before!.slice(0, 12)}; wants web.1 shut down`,
      why: 'web.1 ended: exit; replaced; web.2 is all right',
    });
    expect(tellLast((task) => task === before).why).toBe('web.1 ended: exit; replaced');
  });

  it('of the scheduler say where no other node was a choice', () => {
    history = startHistory({ wire: 2 });
    joinReadyNode(history, 'n1');
    const service = createService(history, 'log', { mode: 'global' });
    const tasks = coverNodes(history, service);
    expect(tellLast()).toMatchObject({ what: 'created log.n1' });
    const why = [{ serviceId: service.id, considered: 1, refused: [], serviceTasks: 0, totalTasks: 0 }];
    expect(tell({ type: 'tasks.assigned', cause: 5, nodeId: 'n1', tasks, why })).toMatchObject({
      what: 'gave log.n1 to node n1',
      why: 'log is to run on it',
    });
  });

  it('of the scheduler say why this node', () => {
    joinReadyNode(history, 'n1');
    const { id, tasks } = runService(history, 'web', { replicas: 3, running: 0 });
    const why = [
      {
        serviceId: id,
        considered: 4,
        refused: [{ filter: 'constraint', nodes: 1 }],
        serviceTasks: 0,
        totalTasks: 2,
      },
    ];
    expect(tell({ type: 'tasks.assigned', cause: 5, nodeId: 'n1', tasks: [...tasks], why })).toEqual({
      who: 'scheduler',
      what: 'gave web.1-3 to node n1',
      why: '4 nodes considered (constraint refused 1); this one had the fewest: 0 of web and 2 in all',
      cause: 5,
    });
  });

  it('of an agent are told in its name, with what went wrong', () => {
    joinReadyNode(history, 'n1');
    const { tasks } = runService(history, 'web', { replicas: 4, running: 0 });
    report(
      history,
      'n1',
      { id: tasks[0]!, state: 'running' },
      { id: tasks[1]!, state: 'running' },
      { id: tasks[3]!, state: 'failed', err: 'task: non-zero exit (137)' },
    );
    expect(tellLast()).toEqual({
      who: 'n1',
      what: 'web.1, web.2 running; web.4 failed: task: non-zero exit (137)',
    });
  });

  it('name what they do not know by the beginning of its id', () => {
    const spec = specOf({ image: 'x' }, 'web');
    expect(
      tell({ type: 'service.updated', cause: 1, serviceId: 'a'.repeat(25), actor: 'ana', spec }).what,
    ).toContain('service web is updated (x, 1 replica)');
    expect(
      tell({ type: 'tasks.orphaned', cause: 0, nodeId: 'b'.repeat(25), tasks: ['c'.repeat(25)] }).what,
    ).toBe('took cccccccccccc for lost with node bbbbbbbbbbbb');
    const undelivered = { type: 'tasks.undelivered', cause: 0, nodeId: 'b'.repeat(25) } as const;
    expect(tell({ ...undelivered, tasks: ['c'.repeat(25)], reason: 'the store is full' })).toMatchObject({
      what: 'could not tell node bbbbbbbbbbbb of cccccccccccc',
      why: 'the store is full',
    });
  });

  it('that are poison are told as such', () => {
    history.record('muster.event.agent.node.n1', new TextEncoder().encode('{"v":1}'));
    expect(tellLast()).toMatchObject({ who: 'agent', what: expect.stringContaining('no event') });
  });
});

it('has a sentence for every type of event there is', () => {
  // Whatever is added to the catalogue must be told: a fact without its text is a bug, not a gap.
  const id = 'a'.repeat(25);
  const spec = specOf({ image: 'x' }, 'web');
  const samples: Record<string, object> = {
    'cluster.created': { clusterId: id, name: 'muster' },
    'cluster.version_raised': { version: 1 },
    'cluster.updated': { actor: 'ana', addressPools: { pools: ['10.20.0.0/16'], prefix: 24 } },
    'cluster.records_lost': { after: 1, to: 3, basis: 3, intents: [{ seq: 2, subject: 'x' }], omitted: 11 },
    'cluster.commands_ahead': { basis: 3 },
    'service.created': { serviceId: id, actor: 'ana', spec },
    'service.updated': { serviceId: id, actor: 'ana', spec },
    'service.removed': { serviceId: id, actor: 'ana' },
    'service.reconciled': { serviceId: id, specVersion: 1, created: [], desired: [], reaped: [], why: [] },
    'service.allocated': { serviceId: id, specVersion: 1, ports: [] },
    'service.allocation_failed': { serviceId: id, specVersion: 1, message: 'no port is free' },
    'tasks.unschedulable': { serviceId: id, specVersion: 1, message: '', refused: [] },
    'tasks.assigned': { nodeId: id, tasks: [], why: [] },
    'node.status_changed': { nodeId: id, status: 'ready', message: '' },
    'tasks.orphaned': { nodeId: id, tasks: [] },
    'tasks.undelivered': { nodeId: id, tasks: [], reason: 'the store is full' },
    'node.joined': {
      nodeId: id,
      session: 's',
      description: {
        hostname: 'h',
        platform: { os: 'linux', architecture: 'amd64' },
        resources: { nanoCpus: 0, memoryBytes: 0 },
        engine: { backend: 'x', version: '', labels: {} },
        labels: {},
      },
    },
    'tasks.reported': { nodeId: id, session: 's', statuses: [], gone: [] },
    'service.rolled_back': { serviceId: id, actor: 'ana', message: 'm' },
    'service.update_ended': { serviceId: id, specVersion: 1, state: 'paused', message: 'm' },
    'node.updated': { nodeId: id, actor: 'ana', spec: INITIAL_NODE_SPEC },
    'node.removed': { nodeId: id, actor: 'ana' },
    'network.created': { networkId: id, actor: 'ana', spec: networkSpecSchema.parse({ name: 'backend' }) },
    'network.removed': { networkId: id, actor: 'ana' },
    'network.allocated': {
      networkId: id,
      number: 1,
      subnets: [{ subnet: '10.0.0.0/24', gateway: '10.0.0.1' }],
    },
    'network.allocation_failed': { networkId: id, message: 'the pool is exhausted' },
    'node.allocated': { nodeId: id, blocks: [], tasks: [] },
    'node.allocation_failed': { nodeId: id, tasks: [], message: 'no address is free' },
    'intent.rejected': { intent: 1, actor: 'ana', kind: 'invalid', message: 'no' },
    'intent.satisfied': { intent: 1, actor: 'ana', message: 'is so' },
    'event.quarantined': { record: 1, subject: 's', reason: 'r' },
    'record.voided': { actor: 'ana', record: 1, subject: 's', sum: 1, reason: 'r' },
  };
  history = startHistory({ wire: WIRE_VERSION });
  for (const type of definitionByType.keys()) {
    expect(samples, `a sample of ${type}`).toHaveProperty([type]);
    history.append({ type, cause: 1, ...samples[type] } as EventDraft);
    const fact: Fact = decode(history.records.at(-1)!);
    expect(fact, type).toMatchObject({ is: 'event' });
    expect(tellLast().what, type).toMatch(/\w/);
  }
});
