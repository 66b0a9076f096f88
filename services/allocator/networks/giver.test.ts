import { deriveId, parseSubnet, spanIn } from '@muster/model';
import { type ClusterNode, findPlace, HeldSpace, type Network, type Span } from '@muster/state';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { createGiven } from './given.ts';
import { createGiver } from './giver.ts';

let network: Omit<Network, 'spaces'> & { readonly spaces: readonly HeldSpace[] };
beforeEach(() => {
  network = makeNetwork({ subnet: '10.0.3.0/24' });
});

interface Config {
  readonly subnet: string;
  readonly ipRange?: string;
  readonly auxAddresses?: Record<string, string>;
}

function makeNetwork(...configs: Config[]): typeof network {
  const subnets = configs.map(({ subnet }) => ({ subnet, gateway: subnet.replace(/\.0\/.*/, '.1') }));
  const spaces = subnets.map(({ subnet }) => new HeldSpace(parseSubnet(subnet)!));
  return {
    id: 'net',
    spec: { name: 'net', ipam: { configs } },
    subnets,
    spaces,
  } as unknown as typeof network;
}

const node = (number: number) => ({ id: `n${number}`, handle: number }) as ClusterNode;

/** As a node of a cluster is given it in one event, and the state shows it. Undefined for those that get none. */
function give(number: number, count: number, nodes = 3): (string | undefined)[] {
  const giver = createGiver(network, node(number), { given: createGiven(), nodes, wanted: count });
  const tasks = Array.from({ length: count }, (_, index) => deriveId('task', number, index, tasksMade++));
  const addresses = tasks.map((task) => giver.give(task)?.address);
  for (const block of giver.listBlocks()) take(block, `n${number}`);
  for (const [index, address] of addresses.entries()) {
    if (address === undefined) continue;
    const { space, place } = findPlace(network, address)!;
    expect(space.takeAddress(place, `n${number}`, tasks[index]!)).toBe(true);
  }
  return addresses;
}
let tasksMade = 0;

function take(block: string, nodeId: string): void {
  const taken = network.spaces.filter((space) => {
    const span = spanIn(space.subnet, parseSubnet(block)!);
    return span && space.takeBlock(span, nodeId);
  });
  expect(taken).toHaveLength(1);
}

function giveBack(count = Number.POSITIVE_INFINITY): void {
  for (const space of network.spaces)
    for (let place = 0, left = count; place < 256 && left > 0; place += 1) {
      const holder = space.holderAt(place);
      if (holder === undefined) continue;
      space.dropAddress(place, holder);
      left -= 1;
    }
}

const blocksOf = (number: number): Span[] =>
  network.spaces.flatMap((space) => space.blocksOf(`n${number}`).map(({ start, size }) => ({ start, size })));

describe('a node', () => {
  it('takes half of its share at once, and begins where no other does', () => {
    for (const number of [1, 2, 3]) give(number, 1);
    expect([1, 2, 3].flatMap(blocksOf)).toEqual([
      { start: 0, size: 32 },
      { start: 32, size: 32 },
      { start: 64, size: 32 },
    ]);
  });

  it('fills what it has before it takes more, and takes as much as it needs', () => {
    give(1, 10);
    give(1, 20);
    expect(blocksOf(1)).toHaveLength(1);
    give(1, 70);
    expect(
      blocksOf(1)
        .map(({ size }) => size)
        .sort((a, b) => a - b),
    ).toEqual([4, 4, 32, 64]);
  });

  it('gives every address there is, and no other', () => {
    const addresses = [...give(1, 100), ...give(2, 100), ...give(3, 60), ...give(1, 9), ...give(2, 9)];
    const given = addresses.filter((address) => address !== undefined);
    expect(new Set(given).size).toBe(253);
    for (const kept of ['10.0.3.0', '10.0.3.1', '10.0.3.255']) expect(given).not.toContain(kept);
    expect(give(1, 1)).toEqual([undefined]);
  });

  it('gives one to each of as many nodes as there are addresses', () => {
    const given = Array.from({ length: 253 }, (_, index) => give(index + 1, 1, 253)[0]);
    expect(new Set(given).size).toBe(253);
    expect(given).not.toContain(undefined);
  });

  it('gives nothing outside the range, nor what is kept for others', () => {
    network = makeNetwork({
      subnet: '10.0.3.0/24',
      ipRange: '10.0.3.64/29',
      auxAddresses: { router: '10.0.3.66', printer: '10.0.3.67' },
    });
    const given = give(1, 7).filter((address) => address !== undefined);
    expect(given.sort()).toEqual([64, 65, 68, 69, 70, 71].map((last) => `10.0.3.${last}`));
  });

  it('goes on in the next subnet', () => {
    network = makeNetwork({ subnet: '10.0.3.0/30' }, { subnet: '10.0.4.0/30' });
    expect(give(1, 3)).toEqual(['10.0.3.2', '10.0.4.2', undefined]);
  });

  it('has what others do not use when nothing else is left', () => {
    for (const number of [1, 2, 3]) give(number, 85);
    expect(give(4, 1)).toEqual([undefined]);
    giveBack();
    expect(give(4, 253)).not.toContain(undefined);
  });

  it('takes back what a task does not get after all', () => {
    network = makeNetwork({ subnet: '10.0.3.0/30' });
    const giver = createGiver(network, node(1), { given: createGiven(), nodes: 1, wanted: 1 });
    const gift = giver.give('t1')!;
    expect(giver.give('t2')).toBeUndefined();
    gift.takeBack();
    expect(giver.listBlocks()).toEqual([]);
    expect(giver.give('t2')?.address).toBe('10.0.3.2');
  });
});

it('gives to whoever asks as long as there are any, whatever was given and given back', () => {
  const step = fc.record({ node: fc.integer({ min: 1, max: 5 }), count: fc.integer({ min: 0, max: 12 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      network = makeNetwork({ subnet: '10.0.3.0/27' });
      for (const { node: number, count } of steps) {
        if (count === 0) giveBack(7);
        const before = network.spaces[0]!.heldByTasks;
        const given = give(number, count, 5).filter((address) => address !== undefined);
        expect(network.spaces[0]!.heldByTasks).toBe(before + given.length);
        for (const address of given) expect(['10.0.3.0', '10.0.3.1', '10.0.3.31']).not.toContain(address);
      }
    }),
  );
});
