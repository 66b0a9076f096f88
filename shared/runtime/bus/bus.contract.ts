// What every bus must do, whatever carries it. Each adapter's test runs it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bus, BusMessage } from './bus.ts';
import { NoAnswerError } from './bus-errors.ts';

export interface BusUnderTest {
  /** A participant of its own. */
  open(): Promise<Bus>;
  /** Resolves when what was published and subscribed so far has taken effect everywhere. */
  settle(): Promise<void>;
  /** Lets this much of the bus's time pass, at least. */
  passTime(ms: number): Promise<void>;
  /** Cuts a participant off, and brings it back; resolves when it is back. */
  interrupt(bus: Bus): Promise<void>;
  dispose(): Promise<void>;
}

export function describeBusContract(name: string, makeBus: () => Promise<BusUnderTest>): void {
  describe(`the bus contract on ${name}`, () => {
    let underTest: BusUnderTest;
    let a: Bus;
    let b: Bus;

    beforeEach(async () => {
      underTest = await makeBus();
      [a, b] = await Promise.all([underTest.open(), underTest.open()]);
    });

    afterEach(async () => {
      await underTest.dispose();
    });

    it('carries a message to everyone who listens, the sender too, in order', async () => {
      const heard: Record<string, string[]> = { a: [], b: [] };
      a.subscribe('muster.heartbeat.n1', (message) => heard.a?.push(show(message)));
      b.subscribe('muster.heartbeat.n1', (message) => heard.b?.push(show(message)));
      await underTest.settle();
      for (const text of ['1', '2', '3']) a.publish('muster.heartbeat.n1', encode(text));
      await underTest.settle();
      const all = ['1', '2', '3'].map((text) => `muster.heartbeat.n1 ${text}`);
      expect(heard).toEqual({ a: all, b: all });
    });

    it('keeps bytes as they are', async () => {
      const bytes = Uint8Array.from([0, 1, 13, 10, 255]);
      let heard: number[] = [];
      b.subscribe('x', ({ data }) => {
        heard = [...data];
      });
      await underTest.settle();
      a.publish('x', bytes);
      await underTest.settle();
      expect(heard).toEqual([...bytes]);
    });

    it('knows wildcards', async () => {
      const heard: string[] = [];
      b.subscribe('muster.*.n1', ({ subject }) => heard.push(`star ${subject}`));
      b.subscribe('muster.log.>', ({ subject }) => heard.push(`rest ${subject}`));
      await underTest.settle();
      for (const subject of [
        'muster.exec.n1',
        'muster.exec.n2',
        'muster.log.n1',
        'muster.log.n1.t1',
        'muster.log',
      ]) {
        a.publish(subject, encode('x'));
      }
      await underTest.settle();
      expect(heard.sort()).toEqual(
        ['star muster.exec.n1', 'star muster.log.n1', 'rest muster.log.n1', 'rest muster.log.n1.t1'].sort(),
      );
    });

    it('gives each message to one member of a queue, and every member gets some', async () => {
      const heard: string[][] = [[], [], []];
      const members = await Promise.all(heard.map(() => underTest.open()));
      for (const [index, member] of members.entries()) {
        member.subscribe('work.*', ({ subject }) => heard[index]?.push(subject), { queue: 'workers' });
      }
      const outside: string[] = [];
      b.subscribe('work.>', ({ subject }) => outside.push(subject));
      await underTest.settle();
      const subjects = Array.from({ length: 60 }, (_, index) => `work.${index}`);
      for (const subject of subjects) a.publish(subject, encode('x'));
      await underTest.settle();
      expect(heard.flat().sort()).toEqual([...subjects].sort());
      expect(heard.every((part) => part.length > 0)).toBe(true);
      expect(outside).toEqual(subjects);
    });

    it('is silent after stop', async () => {
      const heard: string[] = [];
      const subscription = b.subscribe('x', (message) => heard.push(show(message)));
      await underTest.settle();
      a.publish('x', encode('before'));
      await underTest.settle();
      subscription.stop();
      subscription.stop();
      await underTest.settle();
      a.publish('x', encode('after'));
      await underTest.settle();
      expect(heard).toEqual(['x before']);
    });

    it('answers requests', async () => {
      b.subscribe('muster.query.*', (message) => {
        b.publish(message.reply ?? 'nowhere', encode(`answer to ${show(message)}`));
      });
      await underTest.settle();
      const answers = await Promise.all(
        ['1', '2'].map((text) => a.request('muster.query.nodes', encode(text), { timeoutMs: 5000 })),
      );
      expect(answers.map(({ data }) => new TextDecoder().decode(data))).toEqual([
        'answer to muster.query.nodes 1',
        'answer to muster.query.nodes 2',
      ]);
    });

    it('says at once that nobody listens', async () => {
      const error = await a.request('muster.query.nodes', encode('x'), { timeoutMs: 60_000 }).catch((e) => e);
      expect(error).toBeInstanceOf(NoAnswerError);
      expect(error).toMatchObject({ subject: 'muster.query.nodes', reason: 'nobody listens' });
    });

    it('gives a request up after its time', async () => {
      b.subscribe('muster.query.nodes', () => undefined);
      await underTest.settle();
      const asked = a.request('muster.query.nodes', encode('x'), { timeoutMs: 100 }).catch((e) => e);
      await underTest.passTime(100);
      expect(await asked).toMatchObject({ name: 'NoAnswerError', reason: 'timed out' });
    });

    it('has inboxes for answers in many parts', async () => {
      const inbox = a.inbox();
      expect(a.inbox()).not.toBe(inbox);
      const parts: string[] = [];
      a.subscribe(inbox, ({ data }) => parts.push(new TextDecoder().decode(data)));
      b.subscribe('muster.query.logs', ({ reply }) => {
        for (const part of ['one', 'two', 'three']) b.publish(reply ?? 'nowhere', encode(part));
      });
      await underTest.settle();
      a.publish('muster.query.logs', encode('x'), { reply: inbox });
      await underTest.settle();
      await underTest.settle();
      expect(parts).toEqual(['one', 'two', 'three']);
    });

    it('hands on no request to answer where the asker may not write', async () => {
      const heard: (string | undefined)[] = [];
      b.subscribe('muster.query.nodes', ({ reply }) => heard.push(reply));
      await underTest.settle();
      const inbox = a.inbox();
      for (const reply of [
        'muster.event.scheduler.node.n1',
        'muster.intent.ana.service.remove.web',
        '$JS.API.INFO',
      ])
        a.publish('muster.query.nodes', encode('x'), { reply });
      a.publish('muster.query.nodes', encode('x'), { reply: inbox });
      await underTest.settle();
      expect(heard).toEqual([undefined, undefined, undefined, inbox]);
    });

    it('refuses subjects that can’t be published on', () => {
      expect(() => a.publish('a b', encode('x'))).toThrow();
      expect(() => a.publish('', encode('x'))).toThrow();
    });

    it('refuses subjects that no server has room for, and goes on', async () => {
      const long = 'x'.repeat(5_000);
      const heard: string[] = [];
      b.subscribe('x', (message) => heard.push(show(message)));
      expect(() => a.publish(long, encode('x'))).toThrow(TypeError);
      expect(() => a.subscribe(long, () => undefined)).toThrow(TypeError);
      await expect(a.request(long, encode('x'), { timeoutMs: 100 })).rejects.toThrow(TypeError);
      a.publish('x', encode('one'));
      await underTest.settle();
      expect(heard).toHaveLength(1);
    });

    it('tells when the connection is lost and back, and its subscriptions live on', async () => {
      const states: boolean[] = [];
      const heard: string[] = [];
      b.onConnection((connected) => states.push(connected));
      b.subscribe('x', (message) => heard.push(show(message)));
      await underTest.settle();
      expect(states).toEqual([true]);
      await underTest.interrupt(b);
      expect(states).toEqual([true, false, true]);
      await underTest.settle();
      a.publish('x', encode('again'));
      await underTest.settle();
      expect(heard).toEqual(['x again']);
    });
  });
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function show({ subject, data }: BusMessage): string {
  return `${subject} ${new TextDecoder().decode(data)}`;
}
