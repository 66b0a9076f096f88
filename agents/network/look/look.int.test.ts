// What is said of the way of a packet, of a kernel that has it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inside, Stage, type StageHost, type StageTask, whyNoStage } from '../stage/stage.fixture.ts';

const reason = await whyNoStage();
const VIP = '10.201.1.250';

describe.skipIf(reason)(
  `a look at the way of packets${reason ? `, which needs more: ${reason}` : ''}`,
  () => {
    let stage: Stage;
    let [here, there] = [] as unknown as StageHost[];
    let [near, far] = [] as unknown as StageTask[];
    const addressOf = (task: StageTask | undefined) => task!.attachments[0]!.address;
    const router = () => ({ netns: here!.router.netnsPath });

    beforeAll(async () => {
      stage = await Stage.make(2, [{}, {}]);
      [here, there] = stage.hosts;
      [near, far] = [await stage.addTask('near', 1, 1, 2), await stage.addTask('far', 2, 1)];
      stage.services = [{ networkId: 'net1', vip: VIP, endpoints: [addressOf(far), addressOf(near)] }];
      await stage.apply();
    });
    afterAll(async () => await stage?.end());

    it('says where it leads, who listens, and that all is as it should be', async () => {
      const to = [addressOf(far), addressOf(near), '10.201.1.199'];
      const connect = { host: addressOf(far), port: 8080 };
      const look = await here!.router.look({ taskId: 'near', vip: VIP, to, connect });
      expect(look).toMatchObject({
        astray: [],
        task: { address: addressOf(near), astray: [] },
        endpoints: [addressOf(far), addressOf(near)],
        connection: { connected: true },
        routes: [
          {
            to: to[0],
            way: expect.stringMatching(/^via 169\.254\.128\.2 dev vx0$/),
            through: '10.90.0.2',
            isOpen: true,
          },
          { to: to[1], isOpen: true },
          { to: to[2], way: 'No route to host', isOpen: false },
        ],
      });
      expect(look!.task!.listeners).toContainEqual({ protocol: 'tcp', address: '0.0.0.0', port: 8080 });
      expect(look!.task!.listeners).toContainEqual({ protocol: 'udp', address: '0.0.0.0', port: 8080 });
      const nobody = {
        taskId: 'far',
        networkId: 'net1',
        vip: '10.201.1.251',
        connect: { ...connect, port: 1 },
      };
      const other = await there!.router.look(nobody);
      expect(other).toMatchObject({ connection: { error: 'ECONNREFUSED' }, routes: [] });
      expect(other).not.toHaveProperty('endpoints');
    });

    it('counts what is dropped, also past a table that is written anew', async () => {
      const { guest, attachments } = far!;
      const [toNear, toOther] = near!.attachments.map(({ address }) => address) as [string, string];
      inside(guest, `ip address add 10.201.1.99/32 dev ${attachments[0]!.interface}`);
      await guest.ask({ host: toNear, port: 8080, from: '10.201.1.99', timeoutMs: 300 });
      await guest.ask({ host: toOther, port: 8080, timeoutMs: 300 });
      const before = await there!.router.figures();
      expect(before.drops.spoofed).toBeGreaterThan(0);
      expect(before.drops.refused).toBeGreaterThan(0);
      expect(before.connections.router!.limit).toBeGreaterThan(before.connections.router!.used);
      inside({ netns: there!.router.netnsPath }, 'nft delete table ip muster');
      await there!.router.glance(stage.planOf(there!));
      expect((await there!.router.figures()).drops).toEqual(before.drops);
    });

    it('names what others have broken, which a glance mends', async () => {
      const address = addressOf(near);
      inside(
        router(),
        'ip route delete 10.201.1.64/26',
        'nft add rule ip muster isolate accept',
        `nft delete element ip muster owners '{ "t0ac90102" . ${address} }'`,
      );
      inside(near!.guest, 'ip address flush dev eth0');
      const to = [addressOf(far)];
      const look = await here!.router.look({ taskId: 'near', to });
      expect(look).toMatchObject({ routes: [{ isOpen: false }] });
      expect(look!.astray).toEqual([
        'route 10.201.1.64/26 via 169.254.128.2 dev vx0 onlink is missing',
        expect.stringMatching(/^ip rule \d+ of chain isolate is not ours$/),
        'ip set owners is not as it was written',
      ]);
      expect(look!.task!.astray).toContain(`address ${address}/32 dev eth0 is missing`);
      await here!.router.glance(stage.planOf(here!));
      expect(await here!.router.look({ taskId: 'near', to })).toMatchObject({
        astray: [],
        task: { astray: [] },
        routes: [{ isOpen: true }],
      });
      expect(await near!.guest.ask({ host: VIP, port: 8080 })).toMatch(
        /saw 10\.201\.1\.2$|saw 169\.254\.1\.1$/,
      );
    });
  },
);
