import { parseSubnet } from '@muster/model';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AddressSpace } from './address-space.ts';

const SIZE = 32;
const nodes = ['n1', 'n2', 'n3'] as const;
const owner = fc.constantFrom(...nodes);
const place = fc.nat(SIZE - 1);
const step = fc.oneof(
  fc.record({ do: fc.constant('block' as const), owner, place, bits: fc.nat(3) }),
  fc.record({ do: fc.constantFrom('address' as const, 'vip' as const), owner, place }),
  fc.record({ do: fc.constant('drop' as const), place }),
  fc.record({ do: fc.constant('leave' as const), owner }),
);

/** Place by place: whose block it is in, and who holds it. */
class NaiveSpace {
  readonly block = new Array<
    { readonly owner: string; readonly start: number; readonly size: number } | undefined
  >(SIZE);
  readonly holder = new Array<string | undefined>(SIZE);

  private isHeld(index: number): boolean {
    const block = this.block[index];
    if (!block) return this.holder[index] !== undefined;
    return this.holder.slice(block.start, block.start + block.size).some((holder) => holder !== undefined);
  }

  private dissolve(index: number): void {
    const block = this.block[index];
    if (block) this.block.fill(undefined, block.start, block.start + block.size);
  }

  takeBlock(start: number, size: number, owner: string): boolean {
    const places = Array.from({ length: size }, (_, index) => start + index);
    if (places.some((index) => this.isHeld(index))) return false;
    for (const index of places) this.dissolve(index);
    this.block.fill({ owner, start, size }, start, start + size);
    return true;
  }

  takeVip(index: number, service: string): boolean {
    if (!this.block[index] && this.holder[index] === service) return true;
    if (this.isHeld(index)) return false;
    this.dissolve(index);
    this.holder[index] = service;
    return true;
  }

  takeAddress(index: number, owner: string, task: string): boolean {
    if (this.block[index]?.owner !== owner || this.holder[index] !== undefined) return false;
    this.holder[index] = task;
    return true;
  }

  leave(owner: string): void {
    for (let index = 0; index < SIZE; index += 1)
      if (this.block[index]?.owner === owner && !this.isHeld(index)) this.dissolve(index);
  }
}

it('knows who holds what, whatever is taken and given back', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const space = new AddressSpace(parseSubnet('10.0.0.0/27')!);
      const naive = new NaiveSpace();
      let tasks = 0;
      for (const what of steps) {
        switch (what.do) {
          case 'block': {
            const size = 2 ** what.bits;
            const start = what.place - (what.place % size);
            expect(space.takeBlock({ start, size }, what.owner)).toBe(
              naive.takeBlock(start, size, what.owner),
            );
            break;
          }
          case 'vip':
            expect(space.takeVip(what.place, what.owner)).toBe(naive.takeVip(what.place, what.owner));
            break;
          case 'address': {
            const task = `task${++tasks}`;
            const taken = naive.takeAddress(what.place, what.owner, task);
            expect(space.takeAddress(what.place, what.owner, task)).toBe(taken);
            break;
          }
          case 'drop': {
            const holder = naive.holder[what.place] ?? 'nobody';
            if (naive.block[what.place]) space.dropAddress(what.place, holder);
            else space.dropVip(what.place, holder);
            naive.holder[what.place] = undefined;
            break;
          }
          case 'leave':
            space.dropBlocksOf(what.owner);
            naive.leave(what.owner);
        }
        expectSame(space, naive);
      }
    }),
  );
});

function expectSame(space: AddressSpace, naive: NaiveSpace): void {
  const holders = Array.from({ length: SIZE }, (_, index) => space.holderAt(index));
  expect(holders).toEqual([...naive.holder]);
  const blocks = [...new Set(naive.block)].flatMap((block) => (block ? [block] : []));
  const isHeld = (holder: string | undefined) => holder !== undefined;
  const wanted = blocks.map(({ owner: nodeId, start, size }) => ({
    nodeId,
    start,
    size,
    held: naive.holder.slice(start, start + size).filter(isHeld).length,
  }));
  expect([...space.blocks()]).toEqual(wanted);
  for (const id of nodes) expect(space.blocksOf(id)).toEqual(wanted.filter(({ nodeId }) => nodeId === id));
  expect(space.isIdle).toBe(!naive.holder.some(isHeld));
}

it('says what of a span is held last', () => {
  const space = new AddressSpace(parseSubnet('10.0.0.0/24')!);
  space.takeBlock({ start: 16, size: 16 }, 'n1');
  space.takeVip(40, 'web');
  const all = { start: 0, size: 256 };
  expect(space.lastWithin(all)).toMatchObject({ start: 40 });
  expect(space.lastWithin({ start: 0, size: 32 })).toMatchObject({ start: 16 });
  expect(space.lastWithin({ start: 0, size: 32 }, { idleToo: false })).toBeUndefined();
  expect(space.lastWithin({ start: 20, size: 1 })).toMatchObject({ start: 16 });
  expect(space.lastWithin({ start: 32, size: 8 })).toBeUndefined();
});
