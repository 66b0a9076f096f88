import { describeNode, type History, joinReadyNode, removeNode, settle, startHistory } from '@muster/testing';
import { beforeEach, expect, it } from 'vitest';
import { createDispatcher, type Dispatcher } from './dispatcher.ts';

const PERIOD = 5000;

let history: History;
let dispatcher: Dispatcher;

beforeEach(() => {
  history = startHistory({ wire: 2 });
  dispatcher = createDispatcher({ heartbeatMs: PERIOD });
  joinReadyNode(history, 'n1');
  pass(2, 'beats');
  removeNode(history, 'n1');
});

/** So many periods, in each of which the node beats or does not. What was said of it meanwhile. */
function pass(periods: number, beats: 'beats' | 'is silent'): unknown[] {
  const said: unknown[] = [];
  for (let step = 0; step < 10 * periods; step += 1) {
    history.wait(PERIOD / 10);
    if (beats === 'beats' && step % 10 === 0) dispatcher.hear('n1', history.now);
    dispatcher.echo(history.now - 1, history.now);
    said.push(...settle(history, dispatcher).map((event) => ('status' in event ? event.status : event.type)));
  }
  return said;
}

function join(session: string, labels = {}): void {
  const description = describeNode('n1', { labels });
  history.append({ type: 'node.joined', cause: 0, nodeId: 'n1', session, description });
}

it('a node that is removed is judged no more, whether it beats or not', () => {
  expect([...pass(4, 'beats'), ...pass(6, 'is silent')]).toEqual([]);
});

it('it is judged anew when it joins as a new one', () => {
  pass(6, 'is silent');
  join('another');
  expect(pass(2, 'beats')).toEqual(['ready']);
  expect(pass(6, 'is silent')).toEqual(['suspect', 'down']);
});

it('it does not come back with what its agent, which has not heard of it, says of itself', () => {
  join('session-n1', { other: 'now' });
  expect(pass(2, 'beats')).toEqual([]);
  expect(history.state.nodes.size).toBe(0);
});
