// Which roles of the control plane are there, and what stands still without one. Pure.
import type { ServiceCopy } from '@muster/runtime';
import type { CopyStats } from '@muster/telemetry';
import type { ControlRole } from './start-role.ts';

/** What stands still without one. */
export const standstill: Readonly<Record<ControlRole, string>> = {
  orchestrator: 'nothing that is asked for gets a verdict, and nothing that ends is replaced',
  allocator: 'new services get no ports, and their tasks no nodes',
  scheduler: 'new tasks get no nodes',
  dispatcher: 'nodes are told nothing, and nobody notices when one is gone',
  api: 'nobody answers questions',
};

/** One that answers in either way is there. */
export function countRoles(
  copies: readonly ServiceCopy[],
  processes: readonly CopyStats[],
): Map<string, number> {
  const found = countEach(
    copies.filter(({ name }) => name.startsWith('muster-')).map(({ name }) => name.slice('muster-'.length)),
  );
  const told = countEach(processes.flatMap(({ roles }) => roles.map(({ role }) => role)));
  for (const [role, count] of told)
    if (role !== 'agent') found.set(role, Math.max(found.get(role) ?? 0, count));
  return found;
}

function countEach(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
