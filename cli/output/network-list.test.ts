import { describe, expect, it } from 'vitest';
import { toDockerNetwork } from './docker-network.ts';
import { filterItems } from './filters.ts';
import { networkColumns, networkFilters, predefinedNetworks, showNetwork } from './network-list.ts';
import { printServicePretty } from './pretty-service.ts';
import { choosePruned } from './prune-filters.ts';
import { printTeamList } from './team-list.ts';
import { makeNetwork, makeService } from './views.fixture.ts';

const backend = makeNetwork({ labels: { tier: 'data' } });
const idle = makeNetwork({ id: 'x'.repeat(25), name: 'idle', services: 0 });

it('networks are listed as Docker lists them, with those that every node has', () => {
  const items = [backend, ...predefinedNetworks].map((view) => showNetwork(view));
  expect(printTeamList(items, networkColumns, {})).toBe(
    [
      'NETWORK ID     NAME      DRIVER    SCOPE',
      'wwwwwwwwwwww   backend   overlay   swarm',
      'bridge         bridge    bridge    local',
      'host           host      host      local',
      'none           none      null      local',
      '',
    ].join('\n'),
  );
});

it.each<[string, string[]]>([
  ['driver=overlay', ['backend', 'idle']],
  ['type=builtin', ['bridge', 'host', 'none']],
  ['type=custom', ['backend', 'idle']],
  ['scope=local', ['bridge', 'host', 'none']],
  ['dangling=true', ['idle']],
  ['dangling=false', ['backend', 'bridge', 'host', 'none']],
  ['name=CK', ['backend']],
  ['id=www', ['backend']],
  ['label=tier=data', ['backend']],
])('are filtered by %s', (filter, names) => {
  const found = filterItems([backend, idle, ...predefinedNetworks], [filter], networkFilters);
  expect(found.map(({ name }) => name)).toEqual(names);
});

describe('a network inspected', () => {
  it('is what Docker shows of it, with blocks and who is on it', () => {
    const config = { subnet: '10.0.3.0/24', ipRange: '10.0.3.128/25', auxAddresses: { router: '10.0.3.9' } };
    const network = makeNetwork({
      spec: { ...backend.spec, ipam: { configs: [config] } },
      blocks: [{ block: '10.0.3.64/26', nodeId: 'n', hostname: 'one', tasks: 1 }],
      members: [
        {
          id: 's',
          name: 'web',
          addresses: ['10.0.3.7'],
          aliases: ['www'],
          tasks: [{ id: 't', name: 'web.1.t', addresses: ['10.0.3.66'], nodeId: 'n', hostname: 'one' }],
        },
      ],
    });
    expect(toDockerNetwork(network)).toMatchObject({
      Name: 'backend',
      Scope: 'swarm',
      IPAM: {
        Config: [
          {
            Subnet: '10.0.3.0/24',
            IPRange: '10.0.3.128/25',
            Gateway: '10.0.3.1',
            AuxiliaryAddresses: { router: '10.0.3.9' },
          },
        ],
      },
      Number: 3,
      Blocks: [{ Block: '10.0.3.64/26', NodeID: 'n', NodeHostname: 'one', Tasks: 1 }],
      Services: { web: { ID: 's', VIP: '10.0.3.7', Aliases: ['www'] } },
    });
    expect(JSON.stringify(toDockerNetwork(network))).not.toContain('10.0.3.66');
    expect(toDockerNetwork(network, { verbose: true })).toMatchObject({
      Services: { web: { Tasks: [{ Name: 'web.1.t', EndpointIP: '10.0.3.66', NodeHostname: 'one' }] } },
    });
  });

  it('says why it has no subnet, and then what was asked for', () => {
    const spec = { ...backend.spec, ipam: { configs: [{ subnet: '10.0.9.0/24' }] } };
    const { number: _, ...rest } = makeNetwork({ spec, subnets: [], failure: 'the pool is exhausted' });
    const shown = toDockerNetwork(rest);
    expect(shown).toMatchObject({
      IPAM: { Config: [{ Subnet: '10.0.9.0/24' }] },
      Message: 'the pool is exhausted',
    });
    expect(Object.keys(shown)).not.toContain('Number');
  });
});

it('a service for people says which networks it is on, and what it is called there', () => {
  const service = makeService(
    { networks: ['name=w,alias=www', 'v'] },
    {
      networks: [
        { id: 'w', name: 'backend' },
        { id: 'v', name: 'front' },
      ],
      virtualAddresses: [{ networkId: 'w', address: '10.0.3.7' }],
    },
  );
  const text = printServicePretty(service);
  expect(text).toContain('Networks:\n backend: 10.0.3.7 as www\n front:\n');
  expect(text).toContain('Endpoint Mode: vip\n');
  expect(printServicePretty(makeService())).not.toContain('Endpoint Mode');
});

describe('what a prune removes', () => {
  const now = Date.UTC(2026, 0, 2);
  it.each<[string[], boolean]>([
    [[], true],
    [['label=tier'], true],
    [['label=tier=web'], false],
    [['label!=tier'], false],
    [['label!=keep', 'label=tier'], true],
    [['until=24h'], true],
    [['until=25h'], false],
    [['until=2026-01-01T00:00:00Z'], true],
    [['until=2025-12-31'], false],
    [[`until=${Date.UTC(2026, 0, 1) / 1000}`], true],
  ])('is what matches %j: %s', (filters, isChosen) => {
    expect(choosePruned(filters, now)(backend)).toBe(isChosen);
  });

  it.each([['name=x'], ['until'], ['until=soon']])('can not be chosen by %s', (filter) => {
    expect(() => choosePruned([filter], now)).toThrow('invalid');
  });
});
