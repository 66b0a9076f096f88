// `node ls`: what Docker shows of a node in one line, and what runs its tasks. No manager leads the others,
// as a role grants nothing.
import type { NodeView } from '@muster/api';
import { type FilterTests, labelMatches, nameStartsWith, startsWith } from './filters.ts';
import type { Column, Item } from './list.ts';
import { capitalise } from './task-list.ts';

export const nodeColumns: readonly Column[] = [
  { field: 'ID', header: 'ID' },
  { field: 'Hostname', header: 'HOSTNAME' },
  { field: 'Status', header: 'STATUS' },
  { field: 'Availability', header: 'AVAILABILITY' },
  { field: 'ManagerStatus', header: 'MANAGER STATUS' },
  { field: 'Tasks', header: 'TASKS' },
  { field: 'Backend', header: 'BACKEND' },
  { field: 'EngineVersion', header: 'ENGINE VERSION' },
];

export const nodeHeaders = {
  Self: 'SELF',
  StatusMessage: 'STATUS MESSAGE',
};

export const nodeFilters: FilterTests<NodeView> = {
  id: ({ id }, value) => startsWith(id, value),
  name: ({ hostname }, value) => nameStartsWith(hostname, value),
  'node.label': ({ labels }, value) => labelMatches(labels, value),
  label: ({ labels }, value) => labelMatches(labels, value),
  role: ({ role }, value) => role === value.toLowerCase(),
  availability: ({ availability }, value) => availability === value.toLowerCase(),
  status: ({ status }, value) => status === value.toLowerCase(),
};

/** Docker's words; empty for a worker. */
export function managerStatusOf({ role, status }: Pick<NodeView, 'role' | 'status'>): string {
  if (role !== 'manager') return '';
  return status === 'ready' ? 'Reachable' : 'Unavailable';
}

export function showNode(node: NodeView): Item {
  return {
    ID: node.id,
    Hostname: node.hostname,
    Status: capitalise(node.status),
    Availability: capitalise(node.availability),
    Tasks: String(node.activeTasks),
    EngineVersion: node.engineVersion,
    Backend: node.backend,
    StatusMessage: node.statusMessage,
    ManagerStatus: managerStatusOf(node),
    Self: false,
  };
}
