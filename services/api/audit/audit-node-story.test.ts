import { MemoryLog } from '@muster/log';
import {
  assign,
  changeStatus,
  createService,
  createTasks,
  describeNode,
  type History,
  joinReadyNode,
  removeNode,
  report,
  startHistory,
  updateNode,
} from '@muster/testing';
import { beforeEach, expect, it } from 'vitest';
import { readAudit } from './audit.ts';

const ID = 'n'.repeat(25);

let history: History;
beforeEach(() => {
  history = startHistory({ wire: 2 });
  joinReadyNode(history, ID, describeNode('host1'));
  joinReadyNode(history, 'other');
});

async function audit(about: string): Promise<string[]> {
  let now = 0;
  const log = new MemoryLog({ now: () => now });
  for (const { subject, data, time } of history.records) {
    now = time;
    await log.append(subject, data);
  }
  const result = await readAudit(log, history.state, about);
  return result.ok
    ? result.entries.map(({ kind, who, what, why }) => [kind, who, what, why ?? ''].join(' | ').trim())
    : [result.refusal.message];
}

it('of a node tells who asked what of it, and how it was', async () => {
  updateNode(history, ID, { availability: 'drain', labels: { zone: 'a' } });
  const refused = history.intend('remove', 'host1', undefined, { kind: 'node', actor: 'bob' });
  history.append({
    type: 'intent.rejected',
    cause: refused,
    intent: refused,
    actor: 'bob',
    kind: 'conflict',
    message: `node ${ID} is not down and can't be removed`,
  });
  changeStatus(history, ID, 'down');
  updateNode(history, 'other', { availability: 'pause' });
  const story = await audit('host1');
  expect(story).toEqual([
    expect.stringMatching(/^node.joined \| host1 \| joined/),
    'node.status_changed | dispatcher | node host1 is ready |',
    `intent.node.update | ana | asked to update node ${ID} (availability drain, labels zone=a) |`,
    'node.updated | orchestrator | accepted #7: node host1 is to be drained, a worker, labelled zone=a |',
    'intent.node.remove | bob | asked to remove node host1 |',
    expect.stringContaining("is not down and can't be removed"),
    'node.status_changed | dispatcher | node host1 is down |',
  ]);
  expect(await audit(ID)).toEqual(story);
});

it('of a node that is gone is found by its id', async () => {
  removeNode(history, ID);
  expect(history.state.removedNodes.size).toBe(0);
  expect((await audit(ID)).at(-1)).toMatch(
    /^node.removed \| orchestrator \| accepted #7: node host1 is removed/,
  );
});

it('leaves out what its tasks did, and leaves a service that is called so to itself', async () => {
  const service = createService(history, 'host1');
  const [task] = createTasks(history, service);
  assign(history, ID, task!);
  report(history, ID, { id: task!, state: 'running' });
  expect((await audit(ID)).map((line) => line.split(' ')[0])).toEqual(['node.joined', 'node.status_changed']);
  expect((await audit('host1'))[0]).toMatch(/^intent.service.create/);
});

it('of a node that never was tells who asked for it', async () => {
  history.intend('update', 'nowhere', { availability: 'drain' }, { kind: 'node' });
  expect(await audit('nowhere')).toEqual([
    'intent.node.update | ana | asked to update node nowhere (availability drain) |',
  ]);
  expect(await audit('nothing')).toEqual(['no such service, task, node or network: nothing']);
});
