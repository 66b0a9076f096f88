import { composeEvent, encodeJson, WIRE_VERSION } from '@muster/events';
import { deriveServiceId, normaliseServiceSpec } from '@muster/model';
import { copyThroughSnapshot, joinReadyNode, startHistory } from '@muster/testing';
import { describe, expect, it } from 'vitest';
import { hashState } from '../snapshots/hash.ts';

const created = (clusterId: string) =>
  ({ type: 'cluster.created', cause: 0, clusterId, name: 'muster' }) as const;

describe('a log', () => {
  it('belongs to the cluster that its first record names, whoever comes later', () => {
    const history = startHistory();
    history.append(created('one'));
    history.append(created('two'));
    expect(history.state).toMatchObject({ cluster: { id: 'one', name: 'muster' }, conflicts: 1 });
  });

  it('gives ids that no other cluster gives', () => {
    const ids = ['one', 'two'].map((clusterId) => {
      const history = startHistory();
      history.append(created(clusterId));
      const cause = history.intend('create', 'web', { image: 'nginx' });
      const normalised = normaliseServiceSpec({ image: 'nginx' }, 'web');
      if (!normalised.ok) throw new Error(normalised.refusal.message);
      const append = (serviceId: string) =>
        history.append({ type: 'service.created', cause, serviceId, actor: 'ana', spec: normalised.spec });
      append(deriveServiceId('web', cause));
      expect(history.state.services.size).toBe(0);
      append(deriveServiceId('web', cause, { clusterId }));
      return [...history.state.services.keys()];
    });
    expect(ids[0]).toHaveLength(1);
    expect(ids[0]).not.toEqual(ids[1]);
  });
});

describe('the cluster’s version', () => {
  const raise = (version: number) => ({ type: 'cluster.version_raised', cause: 1, version }) as const;

  it('only rises', () => {
    const history = startHistory();
    expect(history.state.wireVersion).toBe(1);
    history.append(raise(1));
    expect(history.state).toMatchObject({ wireVersion: 1, conflicts: 1, halted: undefined });
  });

  it('goes on saying why a copy has halted, whatever else it does not know', () => {
    const history = startHistory();
    history.append(raise(7));
    const { halted } = history.state;
    const created = {
      v: 9,
      type: 'service.created',
      writer: 'orchestrator',
      cause: 1,
      at: '2026-01-01T00:00:00Z',
    };
    history.record('muster.event.orchestrator.service.s1', encodeJson(created));
    expect(history.state.halted).toBe(halted);
  });

  it('halts a copy that starts from the snapshot of one that knows it', () => {
    const history = startHistory();
    history.append(raise(7));
    const { halted } = history.state;
    history.state.halted = undefined;
    expect(copyThroughSnapshot(history.state).halted).toEqual({ reason: halted!.reason, record: undefined });
  });

  it('halts a copy that does not know it', () => {
    const history = startHistory();
    history.append(raise(WIRE_VERSION + 1));
    expect(history.state.halted).toEqual({
      reason: `the cluster is at version ${WIRE_VERSION + 1}, and this program knows ${WIRE_VERSION} at most`,
      record: {
        seq: 1,
        subject: 'muster.event.orchestrator.cluster.self',
        type: 'cluster.version_raised',
      },
    });
  });
});

describe('the state hash', () => {
  it('is made of what was stored, not of what this build makes of it', () => {
    const history = startHistory();
    joinReadyNode(history, 'n1');
    const before = hashState(history.state);
    // As an upcaster of a later build would.
    Object.assign(history.state.nodes.get('n1')!.description, { younger: 'default' });
    const node = history.state.nodes.get('n1')!;
    const { description } = JSON.parse(new TextDecoder().decode(history.records[0]!.data));
    node.storedDescription = { wire: 1, content: description };
    expect(hashState(history.state)).toBe(before);
    node.storedDescription = { wire: 2, content: description };
    expect(hashState(history.state)).not.toBe(before);
  });
});

it('does not store what could not be read back', () => {
  const report = { type: 'tasks.reported', cause: 0, nodeId: 'n1', session: 's' } as const;
  const statuses = [{ id: 't', state: 'failed', exitCode: Number.NaN }] as const;
  expect(() => composeEvent({ ...report, statuses: [...statuses] }, 0)).toThrow(
    'tasks.reported could not be read back: statuses.0.exitCode must be integer',
  );
});
