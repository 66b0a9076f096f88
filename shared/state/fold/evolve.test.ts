import { deriveServiceId, normaliseServiceSpec, TaskState } from '@muster/model';

import {
  assign,
  copyThroughSnapshot,
  createService,
  createTasks,
  type History,
  joinReadyNode,
  removeService,
  report,
  serviceNamed,
  startHistory,
  updateService,
} from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Service } from '../cluster/readonly.ts';
import { lastSeqOf } from '../cluster/state.ts';
import { hashState } from '../snapshots/hash.ts';
import { createChanges } from './changes.ts';
import { foldRecord } from './fold-record.ts';

function deploy(
  history: History,
  name: string,
  body: Record<string, unknown>,
  ids: readonly string[],
): string {
  const intent = history.intend('apply', name, body);
  const normalised = normaliseServiceSpec(body, name);
  if (!normalised.ok) throw new Error(normalised.refusal.message);
  const serviceId = deriveServiceId(name, intent);
  const seq = history.append({
    type: 'service.created',
    cause: intent,
    actor: 'ana',
    serviceId,
    spec: normalised.spec,
  });
  history.append({
    type: 'service.reconciled',
    cause: seq,
    serviceId,
    specVersion: seq,
    created: ids.map((id, index) => ({ id, slot: index + 1 })),
    why: [],
  });
  history.append({
    type: 'service.allocated',
    cause: seq,
    serviceId,
    specVersion: seq,
    ports: normalised.spec.endpointSpec.ports,
  });
  return serviceId;
}

const reserving = { image: 'x', resources: { reservations: { cpus: 1, memory: '1g' } } };

describe('assignments', () => {
  it('that a decision to replace the task knew nothing of make the replacement wait', () => {
    const history = startHistory();
    joinReadyNode(history, 'n1');
    const serviceId = deploy(history, 'web', reserving, ['a']);
    const { version } = history.state.services.get(serviceId)!;
    assign(history, 'n1', 'a');
    history.append({
      type: 'service.reconciled',
      cause: history.state.head,
      serviceId,
      specVersion: version.seq,
      created: [{ id: 'b', slot: 1, generation: 2, replaces: 'a', cause: 'update' }],
      desired: [{ id: 'a', state: 'shutdown' }],
      why: [],
    });
    expect(history.state.tasks.get('b')).toMatchObject({ desired: TaskState.READY });
    report(history, 'n1', { id: 'a', state: 'shutdown' });
    expect([...history.state.services.get(serviceId)!.waiting].map(({ id }) => id)).toEqual(['b']);
  });

  it('the first in log order stands, the second is void', () => {
    const history = startHistory();
    joinReadyNode(history, 'n1');
    joinReadyNode(history, 'n2');
    deploy(history, 'web', reserving, ['a']);
    assign(history, 'n1', 'a');
    assign(history, 'n2', 'a');
    expect(history.state.tasks.get('a')!.node!.id).toBe('n1');
    expect(history.state.conflicts).toBe(1);
    expect(history.state.nodes.get('n2')!.activeTasks).toBe(0);
  });

  it('reserve until the task has ended, and count as active until it is to stop', () => {
    const history = startHistory();
    joinReadyNode(history, 'n1');
    const serviceId = deploy(history, 'web', reserving, ['a']);
    const node = history.state.nodes.get('n1')!;
    assign(history, 'n1', 'a');
    expect(node).toMatchObject({ activeTasks: 1, reserved: { nanoCpus: 1e9, memoryBytes: 1024 ** 3 } });
    const version = serviceNamed(history.state, 'web').version.seq;
    history.append({
      type: 'service.reconciled',
      cause: 1,
      serviceId,
      specVersion: version,
      desired: [{ id: 'a', state: 'shutdown' }],
      why: [],
    });
    expect(node).toMatchObject({ activeTasks: 0, reserved: { nanoCpus: 1e9 } });
    report(history, 'n1', { id: 'a', state: 'shutdown' });
    expect(node).toMatchObject({ activeTasks: 0, reserved: { nanoCpus: 0, memoryBytes: 0 } });
    expect(node.activeByService.size).toBe(0);
  });
});

describe('reports', () => {
  it('only raise the observed state', () => {
    const history = startHistory();
    joinReadyNode(history, 'n1');
    deploy(history, 'web', { image: 'x' }, ['a']);
    assign(history, 'n1', 'a');
    report(history, 'n1', { id: 'a', state: 'running' });
    report(history, 'n1', { id: 'a', state: 'preparing' });
    expect(history.state.tasks.get('a')!.observed).toBe(TaskState.RUNNING);
  });

  it('about another node’s task change nothing but mark a stray', () => {
    const history = startHistory();
    joinReadyNode(history, 'n1');
    joinReadyNode(history, 'n2');
    deploy(history, 'web', { image: 'x' }, ['a']);
    assign(history, 'n1', 'a');
    report(history, 'n2', { id: 'a', state: 'failed' });
    expect(history.state.tasks.get('a')!.observed).toBe(TaskState.ASSIGNED);
    expect([...history.state.nodes.get('n2')!.strays]).toEqual(['a']);
  });

  it('of a trace gone clear the stray', () => {
    const history = startHistory();
    joinReadyNode(history, 'n1');
    report(history, 'n1', { id: 'old', state: 'running' });
    history.append({ type: 'tasks.reported', cause: 0, nodeId: 'n1', session: 's', gone: ['old'] });
    expect(history.state.nodes.get('n1')!.strays.size).toBe(0);
  });
});

describe('what an agent may leave in the state', () => {
  const hashOf = (history: History) => hashState(copyThroughSnapshot(history.state));

  it('is bounded, however many tasks it invents, and the rest is counted', () => {
    const history = startHistory();
    joinReadyNode(history, 'n1');
    for (let batch = 0; batch < 5; batch += 1) {
      const invented = Array.from({ length: 1_000 }, (_, index) => `stray-${batch}-${index}`);
      report(history, 'n1', ...invented.map((id) => ({ id, state: 'running' as const })));
    }
    report(history, 'n1', { id: 'x'.repeat(100), state: 'running' }, { id: 'a b', state: 'running' });
    const node = history.state.nodes.get('n1')!;
    expect(node.strays.size).toBe(1_000);
    expect(node.straysOmitted).toBe(4_002);
    expect(hashOf(history)).toBe(hashState(history.state));
    history.append({
      type: 'tasks.reported',
      cause: 0,
      nodeId: 'n1',
      session: 's',
      gone: ['stray-0-0', 'stray-4-999'],
    });
    report(history, 'n1', { id: 'stray-4-999', state: 'running' });
    expect(node.strays.has('stray-4-999')).toBe(true);
  });

  it('is bounded in what it says of a task', () => {
    const history = startHistory();
    joinReadyNode(history, 'n1');
    deploy(history, 'web', { image: 'x' }, ['a']);
    assign(history, 'n1', 'a');
    const long = 'x'.repeat(400_000);
    report(history, 'n1', { id: 'a', state: 'failed', err: long, message: long, runId: long });
    const { err, message, runId } = history.state.tasks.get('a')!;
    expect([err.length, message.length, runId.length].every((length) => length < 10_000)).toBe(true);
    expect(err).toMatch(/x… \(400000 characters\)$/);
  });

  it('is bounded in subjects that it, or anybody, invents', () => {
    const history = startHistory();
    joinReadyNode(history, 'n1');
    const { size } = history.state.lastSeqs;
    const first = history.state.head + 1;
    for (let count = 0; count < 3_000; count += 1) {
      history.record(`muster.event.agent.node.ghost${count}`, new TextEncoder().encode('{'));
      history.record(`muster.event.scheduler.service.ghost${count}`, new TextEncoder().encode('{'));
    }
    for (let record = first; record <= first + 5_999; record += 1)
      history.append({ type: 'event.quarantined', cause: record, record, subject: 's', reason: 'r' });
    expect(history.state.lastSeqs.size).toBe(size + 1_000);
    const copy = copyThroughSnapshot(history.state);
    for (const state of [history.state, copy]) {
      const record = { seq: state.head + 1, time: history.now, data: new TextEncoder().encode('{') };
      foldRecord(state, { ...record, subject: 'muster.event.agent.node.last' }, createChanges());
    }
    expect(hashState(copy)).toBe(hashState(history.state));
    expect(lastSeqOf(history.state, 'muster.event.agent.node.n1')).toBeGreaterThan(0);
  });
});

describe('allocations', () => {
  it('two services that pick one port: the second is void', () => {
    const history = startHistory();
    const picked = (published: number) => [{ target: 80, published, mode: 'host' }];
    for (const name of ['a', 'b']) {
      const intent = history.intend('apply', name, {});
      const normalised = normaliseServiceSpec({ image: 'x', ports: picked(0) }, name);
      if (!normalised.ok) throw new Error(normalised.refusal.message);
      history.append({
        type: 'service.created',
        cause: intent,
        actor: 'ana',
        serviceId: deriveServiceId(name, intent),
        spec: normalised.spec,
      });
    }
    for (const service of history.state.services.values()) {
      const ports = service.version.requestedPorts.map((port) => ({ ...port, publishedPort: 30000 }));
      history.append({
        type: 'service.allocated',
        cause: 1,
        serviceId: service.id,
        specVersion: service.version.seq,
        ports,
      });
    }
    expect(history.state.conflicts).toBe(1);
    expect(serviceNamed(history.state, 'b').version.ports).toBeUndefined();
  });
});

describe('a newer program’s event', () => {
  it('halts every decision', () => {
    const history = startHistory();
    const event = {
      v: 99,
      type: 'service.created',
      writer: 'orchestrator',
      cause: 1,
      at: new Date(0).toISOString(),
    };
    history.record('muster.event.orchestrator.service.x', new TextEncoder().encode(JSON.stringify(event)));
    expect(history.state.halted).toMatchObject({
      reason: expect.stringContaining('service.created version 99'),
      record: { seq: history.state.head, type: 'service.created' },
    });
  });
});

describe('a task of an older version', () => {
  const bound = (zone: string) => ({ placement: [`node.labels.zone==${zone}`] });
  const outdated = (service: Service) => [...service.outdated].map(({ number }) => number);
  let history: History;
  beforeEach(() => {
    history = startHistory();
    joinReadyNode(history, 'n1', { labels: { zone: 'x' } });
  });

  it('is spared by new constraints that its node meets', () => {
    const service = createService(history, 'web', bound('x'));
    assign(history, 'n1', ...createTasks(history, service));
    updateService(history, service, { placement: ['node.labels.zone==x', 'node.labels.zone!=y'] });
    expect(outdated(service)).toEqual([]);
    updateService(history, service, bound('y'));
    expect(outdated(service)).toEqual([1]);
  });

  it('is not spared by them while it has no node: it would wait by the old ones for ever', () => {
    const service = createService(history, 'web', bound('nowhere'));
    createTasks(history, service);
    updateService(history, service, bound('x'));
    expect(outdated(service)).toEqual([1]);
  });

  it('is outdated when it was never allocated, whatever its spec: nobody allocates an old version', () => {
    const service = createService(history, 'web', bound('x'), { allocated: false });
    createTasks(history, service);
    updateService(history, service, bound('y'), { allocated: false });
    updateService(history, service, bound('x'));
    expect(outdated(service)).toEqual([1]);
  });

  it('is outdated once its node no longer meets the new constraints', () => {
    const service = createService(history, 'web');
    assign(history, 'n1', ...createTasks(history, service));
    updateService(history, service, bound('x'));
    expect(outdated(service)).toEqual([]);
    joinReadyNode(history, 'n1', { labels: { zone: 'y' } });
    expect(outdated(service)).toEqual([1]);
  });
});

describe('last sequences', () => {
  it('of a service are gone with it, though somebody has the last word later', () => {
    const history = startHistory();
    const service = createService(history, 'web');
    removeService(history, service);
    const specVersion = service.version.seq;
    const late = { cause: specVersion, serviceId: service.id, specVersion };
    history.append({ type: 'service.allocated', ...late, ports: [] });
    history.append({ type: 'tasks.unschedulable', ...late, message: 'no suitable node', refused: [] });
    expect([...history.state.lastSeqs]).toEqual([]);
  });

  it('of verdicts are gone once they stand, and kept where one came before what it is about', () => {
    const history = startHistory();
    const reject = (intent: number) =>
      history.append({
        type: 'intent.rejected',
        cause: intent,
        intent,
        actor: 'ana',
        kind: 'invalid',
        message: '',
      });
    reject(history.intend('apply', 'web', {}));
    expect([...history.state.lastSeqs]).toEqual([]);
    const early = reject(history.state.head + 2);
    expect([...history.state.lastSeqs]).toEqual([[`muster.event.orchestrator.intent.${early + 1}`, early]]);
  });

  it('are not kept of subjects that no event has', () => {
    const history = startHistory();
    history.record('muster.event.nobody.service.x', new Uint8Array());
    expect([...history.state.lastSeqs]).toEqual([]);
    expect(history.state.poison.size).toBe(1);
  });
});

describe('a task that its node can not be told of', () => {
  const reason = 'the command has 70000 bytes, and the store takes at most 65408';

  it('shows why, until its node speaks of it', () => {
    const history = startHistory();
    joinReadyNode(history, 'n1');
    deploy(history, 'web', { image: 'x' }, ['a', 'b', 'c']);
    assign(history, 'n1', 'a', 'b');
    report(history, 'n1', { id: 'b', state: 'accepted' });
    const tell = (...tasks: string[]) =>
      history.append({ type: 'tasks.undelivered', cause: history.state.head, nodeId: 'n1', tasks, reason });
    tell('a', 'b', 'c');
    const errOf = (id: string) => history.state.tasks.get(id)!.err;
    expect(['a', 'b', 'c'].map(errOf)).toEqual([`its node can not be told: ${reason}`, '', '']);
    expect(history.state.conflicts).toBe(0);
    report(history, 'n1', { id: 'a', state: 'accepted' });
    expect(errOf('a')).toBe('');
    tell('a');
    expect(errOf('a')).toBe('');
    expect(history.state.conflicts).toBe(1);
  });
});
