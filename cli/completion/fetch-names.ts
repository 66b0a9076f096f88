// Names for completion: whoever presses a key doesn't wait for a cluster that isn't there. What comes too late goes on in
// the background: the caller ends the process.
import type { GlobalOptions } from '../globals.ts';

export type Named = 'services' | 'nodes' | 'tasks';

const PATIENCE_MS = 700;
/** Tasks are only offered by slot, and not beyond this. */
const MAX_SLOTS = 50;

export async function fetchNames(of: Named, globals: GlobalOptions): Promise<readonly string[]> {
  const late = new Promise<readonly string[]>((resolve) => setTimeout(resolve, PATIENCE_MS, []).unref());
  return Promise.race([ask(of, globals).catch(() => []), late]);
}

async function ask(of: Named, globals: GlobalOptions): Promise<readonly string[]> {
  const { withSession } = await import('../session.ts');
  return withSession(globals, async ({ queries }) => {
    const limits = { timeoutMs: PATIENCE_MS };
    if (of === 'nodes') return (await queries.list('node.list', {}, limits)).map(({ hostname }) => hostname);
    const services = await queries.list('service.list', {}, limits);
    if (of === 'services') return services.map(({ name }) => name);
    return services.flatMap(({ name, replicas }) =>
      Array.from({ length: Math.min(replicas, MAX_SLOTS) }, (_, index) => `${name}.${index + 1}`),
    );
  });
}
