import { intentSubject } from '@muster/events';
import { joinReadyNode, startHistory } from '@muster/testing';
import { expect, it } from 'vitest';
import { admit } from './admit.ts';

it('loses no label of a node, whatever it is called', () => {
  const history = startHistory({ wire: 2 });
  joinReadyNode(history, 'n1');
  const body = new TextEncoder().encode('{"addLabels":{"__proto__":"x","constructor":"y"}}');
  const seq = history.record(intentSubject('ana', 'node', 'update', 'n1'), body);
  const { event } = admit(history.state, history.state.intents.get(seq)!, 1_000_000);
  history.append(event);
  const { labels } = history.state.nodes.get('n1')!;
  expect(Object.entries(labels).sort()).toEqual([
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ]);
});
