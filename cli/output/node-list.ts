// `node ls`: what Docker shows of a node in one line, and what runs its tasks. No node is a manager, so that column is only for templates.
import type { NodeView } from '@muster/api';
import { type FilterTests, labelMatches, nameStartsWith, startsWith } from './filters.ts';
import type { Column, Item } from './list.ts';
import { capitalise } from './task-list.ts';

export const nodeColumns: readonly Column[] = [
  { field: 'ID', header: 'ID' },
  { field: 'Hostname', header: 'HOSTNAME' },
  { field: 'Status', header: 'STATUS' },
  { field: 'Availability', header: 'AVAILABILITY' },
  { field: 'Tasks', header: 'TASKS' },
  { field: 'Backend', header: 'BACKEND' },
  { field: 'EngineVersion', header: 'ENGINE VERSION' },
];

export const nodeHeaders = {
  ManagerStatus: 'MANAGER STATUS',
  Self: 'SELF',
  StatusMessage: 'STATUS MESSAGE',
};

export const nodeFilters: FilterTests<NodeView> = {
  id: ({ id }, value) => startsWith(id, value),
  name: ({ hostname }, value) => nameStartsWith(hostname, value),
  'node.label': ({ labels }, value) => labelMatches(labels, value),
  label: ({ labels }, value) => labelMatches(labels, value),
  status: ({ status }, value) => status === value.toLowerCase(),
};

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
    ManagerStatus: '',
    Self: false,
  };
}
