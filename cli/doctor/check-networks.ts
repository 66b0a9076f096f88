// What nodes have, or lack, of networks, as their agents say. Pure.
import type { CopyStats, RoleStats } from '@muster/telemetry';
import type { Finding } from './findings.ts';

/** Of tracked connections: beyond, there may be none for the next burst. */
const NEAR = 0.8;
/** Named of each kind, at most. */
const MOST_NAMED = 10;

type Told = RoleStats & { readonly networks: NonNullable<RoleStats['networks']> };

export function checkNetworks(agents: readonly CopyStats[]): Finding[] {
  const told = agents
    .flatMap(({ roles }) => roles)
    .filter((role): role is Told => role.networks !== undefined);
  if (told.length === 0) return [];
  const able = told.filter(({ networks }) => networks.lacks.length === 0);
  const level = able.length === 0 ? 'warn' : 'ok';
  const summary: Finding = {
    level,
    what: 'networks',
    says: `${able.length} of ${told.length} agents have them`,
  };
  return [summary, ...told.flatMap(checkNode).slice(0, MOST_NAMED)];
}

function checkNode({ copy, networks }: Told): Finding[] {
  const { lacks, trouble, resolver, connections } = networks;
  const warn = (says: string, advice: string): Finding => ({ level: 'warn', what: 'networks', says, advice });
  if (lacks.length > 0)
    return [
      warn(
        `${copy} has no part in networks: ${lacks.join('; ')}`,
        'put it right, and start the agent again; or start it with --no-networks, if it is to have none',
      ),
    ];
  return [
    ...(trouble === undefined
      ? []
      : [
          warn(
            `${copy} can't make its networks as they are to be: ${trouble}`,
            'look at the log of that agent',
          ),
        ]),
    ...(resolver === false
      ? [
          warn(
            `${copy} has no resolver: its tasks find no names`,
            'the agent starts it every two seconds; why it does not stay is in resolver.log, below /run/muster',
          ),
        ]
      : []),
    ...Object.entries(connections).flatMap(([space, { used, limit }]) =>
      used < limit * NEAR
        ? []
        : [
            warn(
              `${copy} tracks ${used} connections ${space === 'host' ? 'on the host' : 'in its router'}, of ${limit} at most: new ones are dropped beyond`,
              `sysctl -w net.netfilter.nf_conntrack_max=${limit * 2} on that machine`,
            ),
          ],
    ),
  ];
}
