// What runs on this machine and no agent of the cluster looks after: of other clusters, of nodes that are no more. It may be
// another living cluster's, and is never called rubbish. Pure.
import type { Status } from '@muster/api';
import type { Belongings } from '@muster/backends';
import type { Finding } from './findings.ts';

export interface Leftovers {
  readonly found: readonly Belongings[];
  /** Nodes whose agents were seen at work on this machine, whatever their cluster. */
  readonly tended: ReadonlySet<string>;
}

export interface KnownNode {
  readonly id: string;
  readonly hostname: string;
  readonly status: string;
}

export function checkLeftovers(
  { found, tended }: Leftovers,
  { cluster }: Pick<Status, 'cluster'>,
  nodes: readonly KnownNode[],
): Finding[] {
  return found.flatMap((belongings): Finding[] => {
    if (tended.has(belongings.nodeId)) return [];
    const node = nodes.find(({ id }) => id === belongings.nodeId);
    // A node's id is drawn: no other cluster has it.
    const isOurs = node !== undefined || (cluster && belongings.clusterId === cluster.id);
    if (node && node.status !== 'down') return [];
    const what = `${countTasks(belongings)} of ${nameWhose(belongings, isOurs ? node : undefined, isOurs === true)}`;
    return [
      {
        level: 'warn',
        what: 'leftover',
        says: `${what} ${belongings.tasks === 1 ? 'is' : 'are'} on this machine, in ${belongings.place}`,
        advice: node
          ? `start the agent of ${node.hostname} again: it looks after them`
          : `${isOurs ? 'if that node is not to come back' : 'they may be in use: if that cluster is no more'}, remove them: ${describeRemoval(belongings)}`,
      },
    ];
  });
}

function countTasks({ tasks, running, place }: Belongings): string {
  const kind = isDirectory(place) ? 'task' : 'container';
  return `${tasks} ${kind}${tasks === 1 ? '' : 's'} (${running === 0 ? 'none runs' : running === 1 ? '1 runs' : `${running} run`})`;
}

function nameWhose(
  { clusterName, clusterId, nodeId }: Belongings,
  node: KnownNode | undefined,
  isOurs: boolean,
): string {
  if (node) return `node ${node.hostname}, which is down,`;
  if (isOurs) return `node ${nodeId}, which this cluster does not know,`;
  return `cluster ${clusterName}${clusterId === undefined ? '' : ` (${clusterId})`}, node ${nodeId},`;
}

/** What is safe to be pasted into a shell as it stands. */
const PLAIN = /^[\w./@%+:-]+$/;

function describeRemoval({ place, clusterName, clusterId, nodeId, groups = [] }: Belongings): string {
  if (!isDirectory(place)) {
    const filters = [
      clusterId === undefined ? `muster.cluster=${clusterName}` : `muster.cluster.id=${clusterId}`,
      `com.docker.swarm.node.id=${nodeId}`,
    ];
    if (!filters.every((filter) => PLAIN.test(filter.replace('=', ''))))
      return 'see `docker ps -a --filter label=muster.cluster`';
    return `\`docker rm -f $(docker ps -aq ${filters.map((filter) => `--filter label=${filter}`).join(' ')})\``;
  }
  const folder = [place, encodeURIComponent(clusterName), encodeURIComponent(nodeId)].join('/');
  if (!PLAIN.test(folder)) return `they are in ${folder}`;
  // What is killed may still be writing there.
  const kill =
    groups.length === 0 ? '' : `kill -KILL -- ${groups.map((group) => `-${group}`).join(' ')}; sleep 1; `;
  return `\`${kill}rm -r ${folder}\``;
}

/** An engine has an address. */
function isDirectory(place: string): boolean {
  return place.startsWith('/');
}
