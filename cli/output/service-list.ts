// `service ls`: what Docker shows of a service in one line.
import { portText, type ServiceView, shortenId } from '@muster/api';
import { type FilterTests, labelMatches, nameStartsWith, startsWith } from './filters.ts';
import type { Column, Item } from './list.ts';

export const serviceColumns: readonly Column[] = [
  { field: 'ID', header: 'ID' },
  { field: 'Name', header: 'NAME' },
  { field: 'Mode', header: 'MODE' },
  { field: 'Replicas', header: 'REPLICAS' },
  { field: 'Image', header: 'IMAGE', flexible: true },
  { field: 'Ports', header: 'PORTS', flexible: true },
];

export const serviceFilters: FilterTests<ServiceView> = {
  id: ({ id }, value) => startsWith(id, value),
  name: ({ name }, value) => nameStartsWith(name, value),
  label: ({ labels }, value) => labelMatches(labels, value),
  mode: ({ mode }, value) => mode === value,
};

export function showService(service: ServiceView, { noTrunc = false } = {}): Item {
  const { id, name, team = '', mode, running, replicas, maxReplicasPerNode, image, ports } = service;
  const limit = maxReplicasPerNode > 0 ? ` (max ${maxReplicasPerNode} per node)` : '';
  return {
    ID: noTrunc ? id : shortenId(id),
    Name: name,
    Team: team,
    Mode: mode,
    Replicas: `${running}/${replicas}${limit}`,
    Image: noTrunc ? image : shortenImage(image),
    // As Docker: ports on single nodes are shown with the tasks that hold them.
    Ports: ports
      .filter(({ publishMode }) => publishMode === 'ingress')
      .map(portText)
      .join(', '),
  };
}

/** Without the digest, where there is a tag. */
export function shortenImage(image: string): string {
  return image.replace(/^(.+:[^@/]+)@sha256:[0-9a-f]+$/, '$1');
}
