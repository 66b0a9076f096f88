// Whether a service may publish what it asks for, by itself and beside another.
import { createOrchestrator } from '@muster/orchestrator';
import { createNetwork, type History, settle, startHistory } from '@muster/testing';
import type { Row, Subject } from '../subject.ts';

export const portConflicts: Subject = {
  expect: ({ ok }) => ok,
  start: () => (row) => {
    const history = startHistory({ wire: 2 });
    createNetwork(history, 'mesh', { ingress: true });
    return listServices(row).every((ports, index) => isAdmitted(history, `service${index}`, row.mode, ports));
  },
};

function listServices({ first, second, ports }: Row): readonly unknown[][] {
  return ports === undefined ? [[first], [second]] : [ports as unknown[]];
}

function isAdmitted(history: History, name: string, mode: unknown, ports: readonly unknown[]): boolean {
  history.intend('create', name, {
    image: 'nginx',
    ...(mode !== undefined && { endpointMode: mode }),
    ports: (ports as [string, number, number, string][]).map(
      ([publishMode, published, target, protocol]) => ({
        mode: publishMode,
        published,
        target,
        protocol,
      }),
    ),
  });
  settle(history, createOrchestrator());
  return history.state.serviceByName.get('', name) !== undefined;
}
