// Flags about networks: the subnets of a new one, and those that a service is on.
import { describe, expect, it } from 'vitest';
import { resolveAttached } from './attached-networks.ts';
import { buildIpam, type IpamFlags } from './ipam.ts';

describe('the subnets of a network', () => {
  it('have each what belongs to it, in whatever order it is given', () => {
    const flags: IpamFlags = {
      subnet: ['10.0.8.0/24', '10.0.9.0/24'],
      ipRange: ['10.0.9.128/25'],
      gateway: ['10.0.9.1', '10.0.8.1'],
      auxAddress: [
        ['router', '10.0.9.2'],
        ['__proto__', '10.0.9.3'],
      ],
    };
    expect(buildIpam(flags)).toEqual([
      { subnet: '10.0.8.0/24', gateway: '10.0.8.1' },
      {
        subnet: '10.0.9.0/24',
        ipRange: '10.0.9.128/25',
        gateway: '10.0.9.1',
        auxAddresses: { router: '10.0.9.2', ['__proto__']: '10.0.9.3' },
      },
    ]);
    expect(buildIpam({})).toEqual([]);
  });

  const subnet = ['10.0.9.0/24'];
  it.each<[string, IpamFlags]>([
    ['every ip-range or gateway must have a corresponding subnet', { gateway: ['10.0.9.1'] }],
    [
      'every ip-range or gateway must have a corresponding subnet',
      { subnet, ipRange: ['10.0.9.0/25', '10.0.9.128/25'] },
    ],
    ['multiple overlapping subnet configuration is not supported', { subnet: [...subnet, '10.0.0.0/16'] }],
    ['no matching subnet for range 10.0.8.0/25', { subnet, ipRange: ['10.0.8.0/25'] }],
    ['no matching subnet for gateway 10.0.8.1', { subnet, gateway: ['10.0.8.1'] }],
    ['no matching subnet for aux-address x', { subnet, auxAddress: [['a', 'x']] }],
    [
      'cannot configure multiple ranges (10.0.9.128/25, 10.0.9.0/25) on the same subnet (10.0.9.0/24)',
      { subnet: [...subnet, '10.0.8.0/24'], ipRange: ['10.0.9.0/25', '10.0.9.128/25'] },
    ],
    [
      'cannot configure multiple gateways (10.0.9.2, 10.0.9.1) for the same subnet (10.0.9.0/24)',
      { subnet: [...subnet, '10.0.8.0/24'], gateway: ['10.0.9.1', '10.0.9.2'] },
    ],
  ])('are refused: %s', (message, flags) => {
    expect(() => buildIpam(flags)).toThrow(message);
  });
});

describe('networks of a service that is there', () => {
  const networks = [
    { id: 'abc1', name: 'front' },
    { id: 'host', name: 'host' },
  ];
  const add = (target: string) => ({ target, aliases: [], driverOpts: {} });

  it.each(['front', 'FRONT', 'abc1', 'abc'])('are removed by name or id: %s', (name) => {
    expect(resolveAttached({ networkRm: [name] }, { networks })).toEqual({ networkRm: ['abc1'] });
  });

  it('are not added twice, but in place of what is removed', () => {
    expect(() => resolveAttached({ networkAdd: [add('front')] }, { networks })).toThrow(
      'service is already attached to network front',
    );
    const flags = { networkRm: ['front', 'nope'], networkAdd: [add('front'), add('back')] };
    expect(resolveAttached(flags, { networks })).toEqual({ ...flags, networkRm: ['abc1', 'nope'] });
    expect(resolveAttached({ image: 'x' }, { networks })).toEqual({ image: 'x' });
  });
});
