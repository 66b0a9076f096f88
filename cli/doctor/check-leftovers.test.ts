import type { Belongings } from '@muster/backends';
import { describe, expect, it } from 'vitest';
import { checkLeftovers, type KnownNode } from './check-leftovers.ts';

const cluster = { id: 'ours', name: 'muster' };
const nodes: KnownNode[] = [
  { id: 'here', hostname: 'alpha', status: 'ready' },
  { id: 'gone', hostname: 'beta', status: 'down' },
];
const engine = 'unix:///var/run/docker.sock';

function check(belongings: Partial<Belongings>, tended: readonly string[] = []) {
  const found: Belongings = {
    place: engine,
    clusterName: 'muster',
    nodeId: 'here',
    tasks: 2,
    running: 1,
    ...belongings,
  };
  const [finding] = checkLeftovers({ found: [found], tended: new Set(tended) }, { cluster }, nodes);
  return finding && { says: finding.says, advice: finding.advice };
}

describe('what is looked after is not left over', () => {
  it.each<[string, Partial<Belongings>, string[]?]>([
    ['of a node of the cluster', { clusterId: 'ours' }],
    ['of one, from before clusters had ids', {}],
    ['of another cluster, whose agent runs here', { clusterId: 'theirs', nodeId: 'other' }, ['other']],
  ])('%s', (_, belongings, tended) => {
    expect(check(belongings, tended)).toBeUndefined();
  });
});

describe('is told of', () => {
  it('what is another cluster’s, in words that leave it to be one that lives', () => {
    expect(check({ clusterName: 'old', clusterId: 'theirs', nodeId: 'other' })).toEqual({
      says: `2 containers (1 runs) of cluster old (theirs), node other, are on this machine, in ${engine}`,
      advice:
        'they may be in use: if that cluster is no more, remove them: `docker rm -f $(docker ps -aq --filter label=muster.cluster.id=theirs --filter label=com.docker.swarm.node.id=other)`',
    });
    expect(check({ clusterName: 'old', nodeId: 'other', tasks: 1, running: 0 })).toEqual({
      says: `1 container (none runs) of cluster old, node other, is on this machine, in ${engine}`,
      advice: expect.stringContaining('--filter label=muster.cluster=old --filter'),
    });
  });

  it('what is of a node that the cluster does not know, or that is down', () => {
    expect(check({ clusterId: 'ours', nodeId: 'other' })?.says).toContain(
      'of node other, which this cluster does not know,',
    );
    expect(check({ clusterId: 'ours', nodeId: 'gone' })).toEqual({
      says: `2 containers (1 runs) of node beta, which is down, are on this machine, in ${engine}`,
      advice: 'start the agent of beta again: it looks after them',
    });
  });

  it('processes, with what ends them', () => {
    expect(check({ place: '/srv/a/tasks', nodeId: 'other', groups: [7, 9] })?.advice).toContain(
      '`kill -KILL -- -7 -9; sleep 1; rm -r /srv/a/tasks/muster/other`',
    );
  });

  it('nothing that a shell would take for more than a name', () => {
    for (const place of [engine, '/srv/a/tasks'])
      expect(
        check({ place, clusterName: 'x', clusterId: '$(reboot)', nodeId: '`reboot`;' })?.advice,
      ).not.toMatch(/reboot`;|\$\(reboot/);
  });
});
