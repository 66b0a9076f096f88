// Change after change comes to the same as the whole at once, says the kernel.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IPV4, IPV6 } from '../addressing.ts';
import { inIpv6 } from '../ipv6-plan.ts';
import type { NetworkPlan } from '../plan.ts';
import { ROUTER_TABLE, writeRouterTable } from '../rules/router-table.ts';
import { Guest } from '../stage/guest.fixture.ts';
import { inside, whyNoStage } from '../stage/stage.fixture.ts';
import { RuleKeeper, readFingerprint, removeTables } from './rule-keeper.ts';

const reason = await whyNoStage();

const address = fc.integer({ min: 2, max: 9 }).map((last) => `10.0.1.${last}`);
const addresses = fc.uniqueArray(address, { maxLength: 4 });
const services = fc.uniqueArray(
  fc.record({
    networkId: fc.constant('net'),
    vip: fc.integer({ min: 240, max: 244 }).map((last) => `10.0.1.${last}`),
    endpoints: addresses,
  }),
  { maxLength: 4, selector: ({ vip }) => vip },
);
const published = fc.uniqueArray(
  fc.record({
    protocol: fc.constantFrom('tcp', 'udp', 'sctp'),
    port: fc.integer({ min: 8000, max: 8002 }),
    target: fc.constantFrom(80, 81),
    endpoints: addresses,
  }),
  { maxLength: 4, selector: ({ protocol, port }) => `${protocol} ${port}` },
);
const attachments = addresses.map((own) =>
  own.map((one) => ({ taskId: `t${one}`, networkId: 'net', address: one, netns: '/x', interface: 'eth0' })),
);
const peers = fc.uniqueArray(fc.integer({ min: 2, max: 5 }), { maxLength: 3 }).map((numbers) =>
  numbers.map((number) => ({
    number,
    underlay: `10.90.0.${number}`,
    blocks: [{ network: 1, block: `10.0.1.${64 + number * 8}/29` }],
  })),
);
const networks = fc
  .boolean()
  .map((internal) => [{ id: 'net', number: 1, subnet: '10.0.1.0/24', subnet6: 'fd00:1::/64', internal }]);
const node = fc.constant({ number: 1, underlay: '10.90.0.1' });
const plan: fc.Arbitrary<NetworkPlan> = fc.record({
  node,
  networks,
  peers,
  attachments,
  services,
  published,
});

describe.skipIf(reason)(`rules${reason ? `, which need more: ${reason}` : ''}`, () => {
  let [changed, whole] = [] as unknown as [Guest, Guest];
  const names = [IPV4, IPV6].map(({ name: family }) => ({ family, name: ROUTER_TABLE }));
  const draw = (one: NetworkPlan) => [
    writeRouterTable(one, machineOf(one, '169.254.9.2'), IPV4),
    writeRouterTable(inIpv6(one), machineOf(one, 'fd6d::2'), IPV6),
  ];
  const machineOf = (one: NetworkPlan, router: string) => ({
    router,
    hostAddresses: [],
    held: new Set(one.published.map(({ protocol, port }) => `${protocol} . ${port}`)),
  });
  const fingerprint = async ({ netns }: Guest) => await readFingerprint(netns, names);

  beforeAll(async () => {
    [changed, whole] = [new Guest('changed'), new Guest('whole')];
    await Promise.all([changed.isThere(), whole.isThere()]);
  });
  afterAll(async () => {
    await Promise.all([changed.end(), whole.end()]);
  });

  it('come to the same by changes as at once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(plan, { minLength: 2, maxLength: 5 }), async (plans) => {
        const keeper = new RuleKeeper(changed.netns);
        for (const one of plans) await keeper.write(draw(one));
        await new RuleKeeper(whole.netns).write(draw(plans.at(-1)!));
        expect(await fingerprint(changed)).toBe(await fingerprint(whole));
      }),
      { numRuns: 20 },
    );
  });

  it('are told from others by what counts', async () => {
    const [one] = fc.sample(plan, 1) as [NetworkPlan];
    const keeper = new RuleKeeper(whole.netns);
    await keeper.write(draw(one));
    const before = await fingerprint(whole);
    inside(whole, 'nft add rule ip muster guard accept');
    expect(await fingerprint(whole)).not.toBe(before);
    expect(await keeper.mend(draw(one))).toBe(true);
    expect(await fingerprint(whole)).toBe(before);
    expect(await keeper.mend(draw(one))).toBe(false);
    await removeTables(whole.netns, names);
    expect(await fingerprint(whole)).toBeUndefined();
  });
});
