import { WIRE_VERSION } from '@muster/events';
import { VirtualClock } from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryBus } from '../bus/memory-bus.ts';
import { BEAT_MS, GONE_AFTER_MS, type Presence, startPresence } from './presence.ts';
import { readHeard } from './words.ts';

let clock: VirtualClock;
let bus: MemoryBus;
let signs: string[];
beforeEach(() => {
  clock = new VirtualClock();
  bus = new MemoryBus({ clock });
  signs = [];
});

function join(copy: string, role = 'scheduler'): Presence {
  const presence = startPresence({ bus: bus.client(copy), clock, role, copy });
  presence.onSign((other, sign) => signs.push(`${copy}: ${other} ${sign}`));
  return presence;
}

describe('presence', () => {
  it('tells copies of each other at once, and nothing of other roles', async () => {
    const [one, two] = [join('one'), join('two')];
    join('other', 'allocator');
    await clock.advance(10);
    expect([...one.others]).toEqual(['two']);
    expect([...two.others]).toEqual(['one']);
    const three = join('three');
    await clock.advance(10);
    expect([...three.others].sort()).toEqual(['one', 'two']);
  });

  it('forgets at once who says goodbye, and after a while who says nothing', async () => {
    const [one, two] = [join('one'), join('two')];
    join('three');
    await clock.advance(10);
    two.stop();
    await clock.advance(1);
    expect([...one.others]).toEqual(['three']);
    bus.disconnect('three');
    await clock.advance(GONE_AFTER_MS + 2 * BEAT_MS);
    expect([...one.others]).toEqual([]);
    bus.reconnect('three');
    await clock.advance(BEAT_MS);
    expect([...one.others]).toEqual(['three']);
  });

  it('does not count on who takes no part', async () => {
    const [one, two] = [join('one'), join('two')];
    await clock.advance(10);
    two.takePart(false);
    await clock.advance(5 * BEAT_MS);
    expect(one.others.size).toBe(0);
    expect([...two.others]).toEqual(['one']);
    two.takePart(true);
    await clock.advance(1);
    expect([...one.others]).toEqual(['two']);
  });

  it('says aside what it reads while it takes no part', async () => {
    const words: string[] = [];
    bus.client('listener').subscribe('muster.copy.>', ({ subject, data }) => {
      const { role, word, reads, title } = readHeard(subject, data)!;
      words.push(`${role} ${title} ${word} ${reads}`);
    });
    const options = {
      bus: bus.client('one'),
      clock,
      role: 'scheduler',
      copy: 'one',
      title: 'scheduler-7 on a',
    };
    const one = startPresence({ ...options, reads: 2, able: false });
    const two = join('two');
    await clock.advance(10);
    expect(two.others.size, 'it shares no work').toBe(0);
    one.takePart(true);
    await clock.advance(10);
    expect([...two.others]).toEqual(['one']);
    one.takePart(false);
    one.stop();
    await clock.advance(10);
    expect(words.filter((word) => word.includes('-7'))).toEqual([
      'scheduler scheduler-7 on a here 2',
      'scheduler scheduler-7 on a hello 2',
      'scheduler scheduler-7 on a here 2',
    ]);
  });

  it('is understood by builds that know nothing of versions, and understands them', async () => {
    const two = join('two');
    const said: string[] = [];
    const old = bus.client('old');
    old.subscribe('muster.copy.scheduler.*', ({ data }) => said.push(new TextDecoder().decode(data)));
    await clock.advance(BEAT_MS);
    // They compare the whole text with "bye" and "hello", and take everything else for "here".
    expect(said).toEqual([`here ${WIRE_VERSION} two`]);
    old.publish('muster.copy.scheduler.old', new TextEncoder().encode('hello'));
    await clock.advance(10);
    expect(said.at(-1), 'answered at once').toBe(`here ${WIRE_VERSION} two`);
    expect(readHeard('muster.copy.scheduler.old', new TextEncoder().encode('hello'))).toMatchObject({
      reads: 1,
    });
    two.stop();
    await clock.advance(10);
    expect(said.at(-1)).toBe('bye');
  });

  it('counts nobody for its word, and does not lose by its silence one that answers', async () => {
    const [one, two] = [join('one'), join('two')];
    await clock.advance(10);
    const eve = bus.client('eve');
    for (let index = 0; index < 1_000; index += 1)
      eve.publish(`muster.copy.scheduler.ghost${index}`, new TextEncoder().encode('here'));
    await clock.advance(10);
    expect([...one.others]).toEqual(['two']);
    await clock.advance(BEAT_MS);
    // It says nothing any more, or nobody hears it, and answers.
    two.stop();
    const silent = bus.client('silent');
    silent.subscribe('muster.ask.scheduler.silent', ({ reply }) =>
      silent.publish(reply!, new TextEncoder().encode('at 1, 0 queued')),
    );
    silent.publish('muster.copy.scheduler.silent', new TextEncoder().encode('here'));
    await clock.advance(3 * GONE_AFTER_MS);
    expect([...one.others]).toEqual(['silent']);
  });

  it('lets nobody in who has yet to read what the others have', async () => {
    const [one, two] = [join('one'), join('two')];
    let seq = 0;
    one.answerWith(() => ({ seq: 5_000, queued: 0 }));
    two.answerWith(() => ({ seq, queued: 0 }));
    await clock.advance(2 * BEAT_MS);
    expect([...one.others]).toEqual([]);
    seq = 4_950;
    await clock.advance(BEAT_MS);
    expect([...one.others]).toEqual(['two']);
  });

  it('is answered by who takes part, and by nobody else', async () => {
    const one = join('one');
    one.answerWith(() => ({ seq: 17, queued: 3 }));
    const ask = () =>
      bus
        .client('x')
        .request('muster.ask.scheduler.one', new Uint8Array(), { timeoutMs: 100 })
        .then(
          ({ data }) => new TextDecoder().decode(data),
          ({ reason }) => reason,
        );
    expect(await ask()).toBe('at 17, 3 queued');
    one.takePart(false);
    expect(await ask()).toBe('nobody listens');
    one.takePart(true);
    expect(await ask()).toBe('at 17, 3 queued');
    one.stop();
    expect(await ask()).toBe('nobody listens');
  });
});
