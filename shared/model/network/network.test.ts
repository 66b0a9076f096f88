import { describe, expect, it } from 'vitest';
import { parseNetwork } from '../grammar/network-notation.ts';
import { normaliseNetworkSpec } from './normalise-network.ts';

function refusalOf(body: unknown, name: string | undefined = 'net') {
  const result = normaliseNetworkSpec(body, name);
  if (result.ok) throw new Error('it is accepted');
  return result.refusal;
}

const ipam = (...configs: object[]) => ({ ipam: { configs } });
const subnet = '10.0.9.0/24';

describe('a network is refused', () => {
  it.each<[string, string | undefined, unknown]>([
    ['a network is described by a JSON object', undefined, []],
    ['the subject names network "net" and the body "x"', 'name', { name: 'x' }],
    ['unknown field "subnet"', 'subnet', { subnet }],
    [
      'only overlay driver is currently supported for ingress network',
      'driver',
      { ingress: true, driver: 'macvlan' },
    ],
    ['ingress network cannot be attachable', 'attachable', { ingress: true, attachable: true }],
    ['ingress network cannot be internal', 'internal', { ingress: true, internal: true }],
    ['network driver "macvlan" is not supported', 'driver', { driver: 'macvlan' }],
    ['network driver "bridge" is not supported', 'driver', { driver: 'bridge' }],
    ['option "encrypted" is not supported', 'options.encrypted', { options: { encrypted: '' } }],
    ['com.docker.swarm.predefined', 'labels', { labels: { 'com.docker.swarm.predefined': 'true' } }],
    ['invalid subnet 10.0.9.0', 'ipam.configs.0.subnet', ipam({ subnet: '10.0.9.0' })],
    ['invalid subnet 10.0.9.0/33', 'ipam.configs.0.subnet', ipam({ subnet: '10.0.9.0/33' })],
    ['invalid subnet ten', 'ipam.configs.0.subnet', ipam({ subnet: 'ten' })],
    ['asked for as well: --ipv6', 'ipam.configs.0.subnet', ipam({ subnet: 'fd00::/64' })],
    ['takes a /96 at least', 'ipam.configs.0.subnet', { ipv6: true, ...ipam({ subnet: 'fd00::/97' }) }],
    [
      'is the second of IPv6, after fd00::/64',
      'ipam.configs.1.subnet',
      { ipv6: true, ...ipam({ subnet: 'fd00::/64' }, { subnet: 'fd00:0:0:1::/64' }) },
    ],
    [
      'addresses of IPv6 follow those of IPv4',
      'ipam.configs.0.ipRange',
      { ipv6: true, ...ipam({ subnet: 'fd00::/64', ipRange: 'fd00::/80' }) },
    ],
    [
      'does not contain gateway fd01::1',
      'ipam.configs.0.gateway',
      { ipv6: true, ...ipam({ subnet: 'fd00::/64', gateway: 'fd01::1' }) },
    ],
    ['is too small', 'ipam.configs.0.subnet', ipam({ subnet: '10.0.9.0/30' })],
    [
      'overlaps with subnet 10.0.0.0/16',
      'ipam.configs.1.subnet',
      ipam({ subnet: '10.0.0.0/16' }, { subnet }),
    ],
    ['invalid range 10.0.9.0', 'ipam.configs.0.ipRange', ipam({ subnet, ipRange: '10.0.9.0' })],
    [
      'subnet 10.0.9.0/24 does not contain range 10.0.8.0/25',
      'ipam.configs.0.ipRange',
      ipam({ subnet, ipRange: '10.0.8.0/25' }),
    ],
    [
      'does not contain range 10.0.9.0/23',
      'ipam.configs.0.ipRange',
      ipam({ subnet, ipRange: '10.0.9.0/23' }),
    ],
    ['invalid gateway x', 'ipam.configs.0.gateway', ipam({ subnet, gateway: 'x' })],
    [
      'subnet 10.0.9.0/24 does not contain gateway 10.0.8.1',
      'ipam.configs.0.gateway',
      ipam({ subnet, gateway: '10.0.8.1' }),
    ],
    ["the network's own", 'ipam.configs.0.gateway', ipam({ subnet, gateway: '10.0.9.0' })],
    ['the broadcast address', 'ipam.configs.0.gateway', ipam({ subnet, gateway: '10.0.9.255' })],
    [
      'invalid auxiliary address x',
      'ipam.configs.0.auxAddresses.a',
      ipam({ subnet, auxAddresses: { a: 'x' } }),
    ],
    [
      'does not contain auxiliary address',
      'ipam.configs.0.auxAddresses.a',
      ipam({ subnet, auxAddresses: { a: '10.0.8.9' } }),
    ],
    [
      'is the gateway as well',
      'ipam.configs.0.auxAddresses.a',
      ipam({ subnet, gateway: '10.0.9.1', auxAddresses: { a: '10.0.9.1' } }),
    ],
  ])('%s', (message, field, body) => {
    expect(refusalOf(body)).toMatchObject({ message: expect.stringContaining(message) });
    expect(refusalOf(body).field).toBe(field);
  });

  it.each(['bridge', 'host', 'none', 'default'])('by a name that every node has: %s', (name) => {
    expect(refusalOf({}, name)).toMatchObject({
      message: `operation is not permitted on predefined ${name} network`,
      field: 'name',
    });
  });

  it.each(['', 'a b', '-a', 'x'.repeat(64)])('by a name that is none: "%s"', (name) => {
    expect(refusalOf({ name }, undefined).field).toBe('name');
  });
});

it('a network takes a subnet of any notation that Go reads', () => {
  const body = ipam({
    subnet: '10.0.9.7/24',
    ipRange: '10.0.9.128/25',
    gateway: '10.0.9.129',
    auxAddresses: { router: '10.0.9.2' },
  });
  expect(normaliseNetworkSpec(body, 'net')).toMatchObject({ ok: true, spec: { ipam: body.ipam } });
});

it('a network takes a subnet of each family', () => {
  const body = { ipv6: true, ...ipam({ subnet: 'fd00::/64', gateway: 'fd00::1' }, { subnet }) };
  expect(normaliseNetworkSpec(body, 'net')).toMatchObject({ ok: true, spec: { ipam: body.ipam } });
});

it('normalising a normal form changes nothing', () => {
  const normal = normaliseNetworkSpec({ ...ipam({ subnet }), labels: { ['__proto__']: 'x' } }, 'net');
  if (!normal.ok) throw new Error(normal.refusal.message);
  expect(normaliseNetworkSpec(normal.spec, undefined)).toEqual(normal);
});

describe("a service's network on the command line", () => {
  it.each<[string, object]>([
    ['backend', { target: 'backend', aliases: [], driverOpts: {} }],
    ['name=backend', { target: 'backend', aliases: [], driverOpts: {} }],
    ['name=backend,alias=a,alias=b', { target: 'backend', aliases: ['a', 'b'], driverOpts: {} }],
    ['NAME=Backend,Alias=A', { target: 'Backend', aliases: ['A'], driverOpts: {} }],
    ['name=b,driver-opt=k=v=w', { target: 'b', aliases: [], driverOpts: { k: 'v=w' } }],
    ['name=b,driver-opt=__proto__=x', { target: 'b', aliases: [], driverOpts: { ['__proto__']: 'x' } }],
    ['', { error: 'network name/id is not specified' }],
    ['alias=a', { error: 'network name/id is not specified' }],
    ['name=b,alias', { error: 'invalid field alias' }],
    ['name=b,port=1', { error: 'invalid field key port' }],
    ['name=b,driver-opt=k', { error: 'invalid key value pair format in driver options' }],
  ])('%s', (text, expected) => {
    expect(parseNetwork(text)).toEqual(expected);
  });
});
