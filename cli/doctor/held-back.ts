// The cluster's wire version, and who keeps a newer one from being written: what copies and nodes say that they read. Pure.
import type { Status } from '@muster/api';
import type { CopyStats } from '@muster/telemetry';

export interface WireVersions {
  readonly cluster: number;
  /** The next one, when some copy reads it. */
  readonly next: number | undefined;
  /** Who does not read that one: "orchestrator-7 on alpha reads 1". */
  readonly heldBackBy: readonly string[];
}

export function compareVersions(
  processes: readonly CopyStats[],
  { wireVersion: cluster, nodesReading }: Status,
): WireVersions {
  const copies = processes.flatMap(({ host, roles }) =>
    roles.map(({ copy, role, reads = 1 }) => ({ role, title: `${copy} on ${host}`, reads })),
  );
  const next = copies.some(({ role, reads }) => role !== 'agent' && reads > cluster)
    ? cluster + 1
    : undefined;
  if (next === undefined) return { cluster, next, heldBackBy: [] };
  const older = copies.filter(({ role, reads }) => role !== 'agent' && reads < next);
  return {
    cluster,
    next,
    heldBackBy: [
      ...older.map(({ title, reads }) => `${title} reads ${reads}`),
      ...nodesReading.filter(({ version }) => version < next).map(describeNodes),
    ],
  };
}

function describeNodes({ version, nodes, hostnames }: Status['nodesReading'][number]): string {
  const more = nodes > hostnames.length ? ` and ${nodes - hostnames.length} more` : '';
  return `${nodes === 1 ? 'node' : `${nodes} nodes`} ${hostnames.join(', ')}${more} read${nodes === 1 ? 's' : ''} ${version}`;
}
