import type { CopyStats } from '@muster/telemetry';
import { expect, it } from 'vitest';
import { checkNetworks } from './check-networks.ts';

type Networks = NonNullable<CopyStats['roles'][number]['networks']>;

function agents(...networks: (Partial<Networks> | undefined)[]): CopyStats[] {
  return networks.map((own, index) => ({
    process: `${index}`,
    host: 'machine',
    pid: 1,
    version: '1',
    uptimeMs: 1,
    cpuMs: 1,
    memoryBytes: 1,
    roles: [
      {
        role: 'agent',
        copy: `node${index + 1}`,
        folded: 0,
        decisions: 0,
        conflicts: 0,
        failures: 0,
        appends: [],
        waiting: {},
        ...(own && { networks: { lacks: [], connections: {}, ...own } }),
      },
    ],
  }));
}

it('says nothing where nobody is to have networks, and how many have where some do', () => {
  expect(checkNetworks(agents(undefined))).toEqual([]);
  expect(checkNetworks(agents({ resolver: true, connections: { host: { used: 1, limit: 100 } } }))).toEqual([
    { level: 'ok', what: 'networks', says: '1 of 1 agents have them' },
  ]);
});

it('names what a node lacks and how to get it, and what is wrong with one that has all', () => {
  const nft = "there is no program nft: install Debian's nftables";
  const sick = {
    trouble: 'no router can be joined',
    resolver: false,
    connections: { host: { used: 79, limit: 100 }, router: { used: 80, limit: 100 } },
  };
  expect(checkNetworks(agents({ lacks: [nft] }, sick)).map(({ level, says }) => `${level} ${says}`)).toEqual([
    'ok 1 of 2 agents have them',
    `warn node1 has no part in networks: ${nft}`,
    "warn node2 can't make its networks as they are to be: no router can be joined",
    'warn node2 has no resolver: its tasks find no names',
    'warn node2 tracks 80 connections in its router, of 100 at most: new ones are dropped beyond',
  ]);
  expect(checkNetworks(agents({ lacks: [nft] }))[0]).toMatchObject({ level: 'warn' });
});
