// What the node says of a way: what its kernel has, and how far it has come; no longer than a message may be.
import type { NetworkAnswer, NetworkRequest } from '@muster/events';
import type { Router, WayLook } from '@muster/network';

type Progress = Pick<Extract<NetworkAnswer, { ok: true }>, 'follows' | 'heard' | 'resolver' | 'trouble'>;

/** Of each list. */
const MOST = 100;

export async function answerOfNode(
  router: Pick<Router, 'look'> | undefined,
  request: NetworkRequest,
  progress: Progress,
): Promise<NetworkAnswer> {
  const look = await router?.look(request);
  return { ok: true, ...progress, ...(look ? cut(look) : { astray: [], routes: [] }) };
}

function cut({ astray, task, name, endpoints, routes, connection }: WayLook) {
  return {
    astray: first(astray),
    routes: [...routes],
    ...(task && {
      task: { address: task.address, astray: first(task.astray), listeners: task.listeners.slice(0, MOST) },
    }),
    ...(name && { name: 'error' in name ? name : { addresses: name.addresses.slice(0, MOST) } }),
    ...(endpoints && { endpoints: [...endpoints] }),
    ...(connection && { connection }),
  };
}

function first(words: readonly string[]): string[] {
  if (words.length <= MOST) return [...words];
  return [...words.slice(0, MOST), `and ${words.length - MOST} more`];
}
