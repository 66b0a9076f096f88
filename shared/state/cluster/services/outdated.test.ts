// Which changes of a service's networks replace its tasks.
import {
  createNetwork,
  createService,
  createTasks,
  type History,
  startHistory,
  updateService,
} from '@muster/testing';
import { beforeEach, expect, it } from 'vitest';
import type { Service } from '../readonly.ts';

let history: History;
let service: Service;
let ids: readonly string[];
const on = (...networks: readonly object[]) => ({ networks });

beforeEach(() => {
  history = startHistory({ wire: 2 });
  ids = ['front', 'back'].map((name) => createNetwork(history, name).id);
  service = createService(history, 'web', on({ name: ids[0], aliases: ['www'] }));
  createTasks(history, service, 2);
});

it('another network does, and none', () => {
  updateService(history, service, on({ name: ids[0] }, { name: ids[1] }));
  expect(service.outdated.size).toBe(2);
  updateService(history, service, on({ name: ids[0], aliases: ['www'] }));
  expect(service.outdated.size).toBe(0);
  updateService(history, service, {});
  expect(service.outdated.size).toBe(2);
});

it('other aliases do not, and need no addresses of their own', () => {
  const { version } = service;
  updateService(history, service, on({ name: ids[0], aliases: ['db', 'store'] }));
  expect(service.version).toBe(version);
  expect(service.outdated.size).toBe(0);
  expect(service.spec.taskTemplate.networks![0]!.aliases).toEqual(['db', 'store']);
});

it('whether it has a virtual address does not, and is allocated anew', () => {
  const { version } = service;
  const change = { ...on({ name: ids[0], aliases: ['x'] }), endpointMode: 'dnsrr' };
  updateService(history, service, change, { allocated: false });
  expect(service.version).not.toBe(version);
  expect(service.version.ports).toBeUndefined();
  expect(service.outdated.size).toBe(0);
});
