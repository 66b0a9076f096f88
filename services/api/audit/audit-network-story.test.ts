import { MemoryLog } from '@muster/log';
import {
  createNetwork,
  createService,
  type History,
  removeNetwork,
  removeService,
  startHistory,
  updateService,
} from '@muster/testing';
import { beforeEach, expect, it } from 'vitest';
import { readAudit } from './audit.ts';

let history: History;
beforeEach(() => {
  history = startHistory({ wire: 2 });
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
    ? result.entries.map(({ who, what, why }) => [who, what, why ?? ''].join(' | ').trim())
    : [result.refusal.message];
}

it('of a network tells who asked for it, what it got, and who took it away', async () => {
  const { id } = createNetwork(history, 'backend', { internal: true });
  createNetwork(history, 'other');
  const subnets = [{ subnet: '10.0.3.0/24', gateway: '10.0.3.1' }];
  history.append({ type: 'network.allocated', cause: 4, networkId: id, number: 3, subnets });
  const made = [
    'ana | asked to create network backend |',
    'orchestrator | accepted #3: network backend is created (overlay, internal) |',
    'allocator | gave network backend 10.0.3.0/24 |',
  ];
  expect(await audit('backend')).toEqual(made);
  expect(await audit(id)).toEqual(made);

  const cause = history.intend('remove', id, undefined, { kind: 'network', actor: 'bob' });
  history.append({ type: 'network.removed', cause, networkId: id, actor: 'bob' });
  const removed = [
    `bob | asked to remove network backend |`,
    `orchestrator | accepted #${cause}: network backend is removed |`,
  ];
  expect(await audit(id)).toEqual([...made, ...removed]);
  expect((await audit('backend')).slice(0, 3)).toEqual(made);
  expect(await audit('nothing')).toEqual(['no such service, task, node or network: nothing']);
});

it('of a service names its networks, and a service goes before a network of the same name', async () => {
  const front = createNetwork(history, 'front');
  const back = createNetwork(history, 'web');
  const web = createService(history, 'web', { networks: [front.id] });
  updateService(history, web, { networks: [front.id, { name: back.id, aliases: ['db'] }] });
  expect(await audit('web')).toContainEqual(
    expect.stringMatching(/service web is updated: networks front -> front, web as db \|$/),
  );
  removeService(history, web);
  removeNetwork(history, back);
  expect((await audit('web')).at(-1)).toMatch(/service web is removed/);
});
