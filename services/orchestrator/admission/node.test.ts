import type { EventDraft } from '@muster/events';
import {
  changeStatus,
  describeNode,
  type History,
  joinReadyNode,
  removeNode,
  startHistory,
  updateNode,
} from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { admit } from './admit.ts';

let history: History;
beforeEach(() => {
  history = startHistory({ wire: 2 });
  joinReadyNode(history, 'n1', describeNode('host1', { labels: { rack: '1' } }));
});

/** The verdict on what somebody asks of a node. */
function ask(verb: string, name: string | undefined, body?: unknown, team?: string): EventDraft {
  const seq = history.intend(verb, name, body, { kind: 'node', ...(team !== undefined && { team }) });
  return admit(history.state, history.state.intents.get(seq)!, 1_000_000).event;
}

const spec = (event: EventDraft) => (event.type === 'node.updated' ? event.spec : event);

describe('an update', () => {
  it('changes what it names, and leaves the rest as it was', () => {
    updateNode(history, 'n1', { availability: 'pause', labels: { zone: 'a', old: 'x' } });
    expect(ask('update', 'n1', { addLabels: { zone: 'b' }, removeLabels: ['old'] })).toMatchObject({
      type: 'node.updated',
      nodeId: 'n1',
      actor: 'ana',
      cause: history.state.head,
      spec: { availability: 'pause', role: 'worker', labels: { zone: 'b' } },
    });
    expect(spec(ask('update', 'host1', { role: 'manager' }))).toMatchObject({ role: 'manager' });
    expect(spec(ask('update', 'n1', { labels: {} }))).toMatchObject({ labels: {} });
  });

  it('that changes nothing is satisfied', () => {
    expect(ask('update', 'n1', { availability: 'active', removeLabels: ['none'] })).toMatchObject({
      type: 'intent.satisfied',
      message: 'node host1 is so already',
    });
  });

  it('of an older version is out of sequence', () => {
    const { specSeq } = history.state.nodes.get('n1')!;
    const drain = { availability: 'drain' };
    expect(ask('update', 'n1', { ...drain, version: specSeq - 1 })).toMatchObject({
      type: 'intent.rejected',
      kind: 'conflict',
      field: 'version',
      message: `update out of sequence: the node is at version ${specSeq}, not ${specSeq - 1}`,
    });
    expect(ask('update', 'n1', { ...drain, version: specSeq }).type).toBe('node.updated');
  });

  it.each([
    ['availability', { availability: 'sleep' }],
    ['role', { role: 'king' }],
    ['labels.a', { labels: { a: 1 } }],
    ['colour', { colour: 'red' }],
    ['removeLabels', { removeLabels: ['rack'] }],
  ])('is refused with the name of the field: %s', (field, body) => {
    expect(ask('update', 'n1', body)).toMatchObject({ type: 'intent.rejected', field });
  });
});

describe('a removal', () => {
  it('is refused while the node is not down, unless it is forced', () => {
    expect(ask('remove', 'n1')).toMatchObject({
      type: 'intent.rejected',
      kind: 'conflict',
      message: "node n1 is not down and can't be removed",
    });
    expect(ask('remove', 'n1', { force: true })).toMatchObject({ type: 'node.removed', nodeId: 'n1' });
    changeStatus(history, 'n1', 'down');
    expect(ask('remove', 'host1')).toMatchObject({ type: 'node.removed', nodeId: 'n1' });
  });

  it('of a node that is gone finds none', () => {
    removeNode(history, 'n1');
    expect(ask('remove', 'n1')).toMatchObject({ type: 'intent.rejected', message: 'node n1 not found' });
  });
});

describe('a node', () => {
  it('is not meant by a hostname that several have', () => {
    joinReadyNode(history, 'n2', describeNode('host1'));
    expect(ask('update', 'host1', { role: 'manager' })).toMatchObject({
      type: 'intent.rejected',
      message: 'node host1 is ambiguous (2 matches found)',
    });
    expect(ask('update', 'n2', { role: 'manager' })).toMatchObject({ nodeId: 'n2' });
  });

  it("is no team's, and has a name", () => {
    expect(ask('update', 'n1', {}, 'blue')).toMatchObject({ type: 'intent.rejected', field: 'team' });
    expect(ask('update', undefined, {})).toMatchObject({ type: 'intent.rejected', field: 'name' });
  });

  it('has no spec before all read of one', () => {
    history = startHistory();
    joinReadyNode(history, 'n1');
    expect(ask('update', 'n1', { availability: 'drain' })).toMatchObject({
      type: 'intent.rejected',
      kind: 'unsupported',
      message: expect.stringMatching(/^node\.update is not supported yet: the cluster is at version 1/),
    });
  });
});
