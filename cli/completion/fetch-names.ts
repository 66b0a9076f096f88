// Names for completion: whoever presses a key doesn't wait for a cluster that isn't there. What comes too late goes on in
// the background: the caller ends the process.
import type { GlobalOptions } from '../globals.ts';

export type Named = 'services' | 'nodes' | 'networks' | 'tasks' | 'teams';

const PATIENCE_MS = 700;
/** Tasks are only offered by slot, and not beyond this. */
const MAX_SLOTS = 50;

export async function fetchNames(of: Named, globals: GlobalOptions): Promise<readonly string[]> {
  const late = new Promise<readonly string[]>((resolve) => setTimeout(resolve, PATIENCE_MS, []).unref());
  const names = await Promise.race([ask(of, globals).catch(() => []), late]);
  // What could do more to a shell than stand in its line is not offered.
  return names.filter((name) => /^[\w./=-]+$/.test(name));
}

async function ask(of: Named, globals: GlobalOptions): Promise<readonly string[]> {
  const { withSession } = await import('../session.ts');
  return withSession(globals, async ({ queries, team }) => {
    const limits = { timeoutMs: PATIENCE_MS };
    if (of === 'nodes') return (await queries.list('node.list', {}, limits)).map(({ hostname }) => hostname);
    if (of === 'networks')
      return (await queries.list('network.list', { team }, limits)).map(({ name }) => name);
    if (of === 'teams') {
      const every = await queries.list('service.list', { allTeams: true }, limits);
      return [...new Set(every.map((service) => service.team ?? 'default'))].sort();
    }
    const services = await queries.list('service.list', { team }, limits);
    if (of === 'services') return services.map(({ name }) => name);
    return services.flatMap(({ name, mode, replicas }) => {
      const slots = mode === 'replicated' ? Math.min(replicas, MAX_SLOTS) : 0;
      return Array.from({ length: slots }, (_, index) => `${name}.${index + 1}`);
    });
  });
}
