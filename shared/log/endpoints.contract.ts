// What every store of endpoints must do, whatever it is kept on. Each adapter's test runs it.
import { type EndpointsOf, endpointsSubject } from '@muster/events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EndpointStore } from './endpoints.ts';

export interface EndpointsUnderTest {
  /** Another participant of the same store. */
  open(): Promise<EndpointStore>;
  /** Lets this much of the store's time pass. */
  passTime(ms: number): Promise<void>;
  dispose(): Promise<void>;
}

const net: EndpointsOf = { networkId: 'n1' };
const web: EndpointsOf = { networkId: 'n1', serviceId: 's1' };

export function describeEndpointsContract(name: string, make: () => Promise<EndpointsUnderTest>): void {
  describe(`the contract of endpoints on ${name}`, () => {
    let underTest: EndpointsUnderTest;
    let store: EndpointStore;

    beforeEach(async () => {
      underTest = await make();
      store = await underTest.open();
    });

    afterEach(async () => {
      await underTest.dispose();
    });

    it('replaces what is said of one under compare-and-set', async () => {
      expect(await put(net, 'a', 0)).toEqual({ ok: true, seq: 1 });
      expect(await put(web, 'b', 0)).toEqual({ ok: true, seq: 2 });
      expect(await put(net, 'c', 1)).toEqual({ ok: true, seq: 3 });
      expect(await put(net, 'd', 1)).toEqual({ ok: false, expected: 1, actual: 3 });
      expect(await put({ networkId: 'n2' }, 'd', 9)).toEqual({ ok: false, expected: 9, actual: 0 });
    });

    it('refuses names that would change the subject, at once', async () => {
      await expect(put({ networkId: 'n1.x' }, 'a', 0)).rejects.toThrow(TypeError);
      await expect(put({ networkId: 'n1', serviceId: '*' }, 'a', 0)).rejects.toThrow(TypeError);
      await expect(put({ networkId: '' }, 'a', 0)).rejects.toThrow(TypeError);
    });

    it.each([{ closely: false }, { closely: true }])(
      'delivers the last of each in their order, then the later ones: %o',
      async ({ closely }) => {
        await put(net, 'a', 0);
        await put(web, 'b', 0);
        await put(net, 'c', 1);
        const follower = await startFollower(closely);
        await follower.caughtUp;
        expect(follower.seen).toEqual([
          'muster.endpoints.service.n1.s1=b@2',
          'muster.endpoints.network.n1=c@3',
        ]);
        await put(web, 'd', 2);
        await follower.reached(4);
        expect(follower.seen[2]).toBe('muster.endpoints.service.n1.s1=d@4');
        expect(follower.errors).toEqual([]);
      },
    );

    it('is caught up at once when there is nothing', async () => {
      const follower = await startFollower();
      await follower.caughtUp;
      expect(follower.seen).toEqual([]);
    });

    it('lets a tombstone go by itself: the next message expects 0', async () => {
      await put(web, 'a', 0);
      expect(await put(web, 'gone', 1, 1000)).toEqual({ ok: true, seq: 2 });
      await underTest.passTime(1000);
      let again = await put(web, 'b', 0);
      for (let tries = 0; !again.ok && tries < 20; tries += 1) {
        await underTest.passTime(250);
        again = await put(web, 'b', 0);
      }
      expect(again).toEqual({ ok: true, seq: 3 });
      const follower = await startFollower();
      await follower.caughtUp;
      expect(follower.seen).toEqual(['muster.endpoints.service.n1.s1=b@3']);
    });

    it('is silent after stop', async () => {
      const follower = await startFollower(true);
      await follower.caughtUp;
      await follower.following.stop();
      await put(net, 'a', 0);
      const witness = await startFollower();
      await witness.reached(1);
      expect(follower.seen).toEqual([]);
    });

    function put(of: EndpointsOf, text: string, expectLastSeq: number, ttlMs?: number) {
      const options = ttlMs === undefined ? { expectLastSeq } : { expectLastSeq, ttlMs };
      return store.put(of, new TextEncoder().encode(text), options);
    }

    async function startFollower(closely = false) {
      const seen: string[] = [];
      const errors: Error[] = [];
      const waiting: { readonly seq: number; readonly done: () => void }[] = [];
      let last = 0;
      let tellCaughtUp: () => void = () => undefined;
      const caughtUp = new Promise<void>((resolve) => {
        tellCaughtUp = resolve;
      });
      const following = await (await underTest.open()).follow({
        closely,
        onEndpoints({ of, seq, data }) {
          seen.push(`${endpointsSubject(of)}=${new TextDecoder().decode(data)}@${seq}`);
          last = seq;
          for (const waiter of waiting) if (last >= waiter.seq) waiter.done();
        },
        onCaughtUp: tellCaughtUp,
        onError: (error) => errors.push(error),
      });
      const reached = async (seq: number) => {
        if (last < seq) await new Promise<void>((done) => waiting.push({ seq, done }));
      };
      return { following, caughtUp, seen, errors, reached };
    }
  });
}
