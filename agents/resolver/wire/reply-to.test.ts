import { decode, encode, type Packet, RECURSION_DESIRED } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCounts } from '../counts.ts';
import { decide, type Verdict } from '../names/decide.ts';
import { directory } from '../names/directory.fixture.ts';
import { LARGEST_MESSAGE } from './messages.ts';
import { replyTo, type Transport } from './reply-to.ts';

const query = (name: string, more: Partial<Packet> = {}) =>
  encode({ type: 'query', id: 4711, flags: RECURSION_DESIRED, questions: [{ name, type: 'A' }], ...more });
const opt = (udpPayloadSize: number, ednsVersion = 0): Pick<Packet, 'additionals'> => ({
  additionals: [
    {
      type: 'OPT',
      name: '.',
      udpPayloadSize,
      ednsVersion,
      extendedRcode: 0,
      flags: 0,
      flag_do: false,
      options: [],
    },
  ],
});
const many = (count: number): Verdict => ({
  is: 'addresses',
  addresses: Array.from({ length: count }, (_, n) => `10.1.${n >> 8}.${n & 255}`),
  from: 0,
});

function reply(message: Buffer, transport: Transport = 'udp', verdict?: Verdict) {
  const outcome = replyTo(
    message,
    transport,
    createCounts(),
    (question) => verdict ?? decide(question, '10.0.3.7', directory, 0.4),
  );
  if (outcome.is !== 'reply') throw new Error(outcome.is);
  return { bytes: outcome.message, ...decode(outcome.message), flags: outcome.message.readUInt16BE(2) };
}

/** QR, AA, TC, RD, RA. */
const bits = (flags: number) => ({
  answer: (flags & 0x8000) !== 0,
  ours: (flags & 0x0400) !== 0,
  cut: (flags & 0x0200) !== 0,
  rcode: flags & 15,
});

describe('an answer', () => {
  it('has the id and the question as they came, in their letters, and is to be kept by nobody', () => {
    const { id, questions, answers, flags } = reply(query('WeB'));
    expect({ id, questions, answers }).toEqual({
      id: 4711,
      questions: [{ name: 'WeB', type: 'A', class: 'IN' }],
      answers: [{ name: 'WeB', type: 'A', class: 'IN', ttl: 0, flush: false, data: '10.0.3.2' }],
    });
    expect(bits(flags)).toEqual({ answer: true, ours: true, cut: false, rcode: 0 });
    expect(flags & 0x0180).toBe(0x0180);
  });

  it('begins with the address whose turn it is', () => {
    const { answers } = reply(query('tasks.web'));
    expect(answers!.map((one) => 'data' in one && one.data)).toEqual(['10.0.3.8', '10.0.3.9', '10.0.3.7']);
  });

  it.each([
    ['empty', 'asleep', 0],
    ['unknown', 'tasks.nobody', 3],
  ])(
    'that is %s is ours: a client takes one that is not for a referral, and asks the next',
    (_, name, rcode) => {
      const { answers, flags } = reply(query(name));
      expect(answers).toEqual([]);
      expect(bits(flags)).toEqual({ answer: true, ours: true, cut: false, rcode });
    },
  );

  it('says an address in reverse', () => {
    const asked = query('', { questions: [{ name: '7.3.0.10.in-addr.arpa', type: 'PTR' }] });
    expect(reply(asked).answers).toMatchObject([{ type: 'PTR', data: 'web.1.abc.front' }]);
  });

  it('refuses a stranger, and says failure where nothing is told', () => {
    expect(bits(reply(query('web'), 'udp', { is: 'stranger' }).flags)).toMatchObject({
      rcode: 5,
      ours: false,
    });
    expect(bits(reply(query('web'), 'udp', { is: 'not-told' }).flags)).toMatchObject({
      rcode: 2,
      ours: false,
    });
  });

  it('speaks EDNS to who speaks it', () => {
    expect(reply(query('web')).additionals).toEqual([]);
    expect(reply(query('web', opt(4096))).additionals).toMatchObject([{ type: 'OPT', udpPayloadSize: 1232 }]);
    const { additionals, answers } = reply(query('web', opt(4096, 1)));
    expect({ additionals, answers }).toMatchObject({ additionals: [{ extendedRcode: 1 }], answers: [] });
  });
});

describe('what does not fit', () => {
  it.each([
    ['a plain datagram', {}, 512],
    ['one of EDNS', opt(4096), 1232],
    ['a smaller one of EDNS', opt(900), 900],
    ['one that claims to be too small', opt(100), 512],
  ])('into %s is left out, and said to be', (_, more, limit) => {
    const { bytes, answers, flags } = reply(query('tasks.web', more), 'udp', many(200));
    expect(bytes.length).toBeLessThanOrEqual(limit);
    expect(bytes.length).toBeGreaterThan(limit - 40);
    expect(answers!.length).toBeGreaterThan(10);
    expect(bits(flags).cut).toBe(true);
  });

  it('is told in whole over TCP', () => {
    const { answers, flags } = reply(query('tasks.web', opt(1232)), 'tcp', many(1000));
    expect([answers!.length, bits(flags).cut]).toEqual([1000, false]);
  });

  it('even over TCP is left out: there is no other way to ask', () => {
    const { bytes, answers, flags } = reply(query('tasks.web'), 'tcp', many(10_000));
    expect(bytes.length).toBeLessThanOrEqual(LARGEST_MESSAGE);
    expect(answers!.length).toBeGreaterThan(2_000);
    expect(bits(flags).cut).toBe(false);
  });

  it('is nothing where it fits to the byte', () => {
    const fitting = Array.from({ length: 30 }, (_, count) =>
      reply(query('tasks.web'), 'udp', many(count + 1)),
    );
    const cut = fitting.filter(({ flags }) => bits(flags).cut);
    expect(cut.length).toBeGreaterThan(5);
    const most = Math.max(...fitting.map(({ answers }) => answers!.length));
    expect(fitting[most - 1]!.bytes.length).toBeLessThanOrEqual(512);
    expect(bits(fitting[most - 1]!.flags).cut).toBe(false);
  });
});

describe('what is no question', () => {
  const outcome = (message: Buffer) => replyTo(message, 'udp', createCounts(), () => ({ is: 'nothing' }));
  const rcodeOf = (message: Buffer) => {
    const made = outcome(message);
    return made.is === 'reply' ? made.message.readUInt16BE(2) & 15 : made.is;
  };

  it('is not answered when it is an answer itself, or has no header', () => {
    expect(rcodeOf(encode({ type: 'response', id: 1, questions: [{ name: 'web', type: 'A' }] }))).toBe(
      'silence',
    );
    expect(rcodeOf(Buffer.alloc(11))).toBe('silence');
    expect(rcodeOf(Buffer.alloc(0))).toBe('silence');
  });

  it('is answered with why it is none', () => {
    const notify = query('web');
    notify.writeUInt16BE(4 << 11, 2);
    expect(rcodeOf(notify)).toBe(4);
    expect(rcodeOf(query('web', { questions: [] }))).toBe(1);
    expect(
      rcodeOf(
        query('web', {
          questions: [
            { name: 'a', type: 'A' },
            { name: 'b', type: 'A' },
          ],
        }),
      ),
    ).toBe(1);
    expect(rcodeOf(query('web').subarray(0, 14))).toBe(1);
    expect(
      rcodeOf(query('version.bind', { questions: [{ name: 'version.bind', type: 'TXT', class: 'CH' }] })),
    ).toBe(5);
    const binary = query('abc');
    binary[13] = 0xff;
    expect(rcodeOf(binary)).toBe(1);
  });

  it('never throws, whatever the bytes, and whatever is answered can be read', () => {
    const valid = [query('tasks.web', opt(4096)), query('web')];
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc
        .tuple(
          fc.constantFrom(...valid),
          fc.array(fc.tuple(fc.nat(60), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
        )
        .map(([message, changes]) => {
          const changed = Buffer.from(message);
          for (const [at, byte] of changes) if (at < changed.length) changed[at] = byte;
          return changed;
        }),
    );
    fc.assert(
      fc.property(bytes, fc.constantFrom<Transport>('udp', 'tcp'), (message, transport) => {
        const made = replyTo(Buffer.from(message), transport, createCounts(), (question) =>
          decide(question, '10.0.3.7', directory, 0.5),
        );
        if (made.is === 'silence') return;
        const answer = made.is === 'forward' ? made.fail() : made.message;
        expect(decode(answer).id).toBe(Buffer.from(message).readUInt16BE(0));
      }),
      { numRuns: 3_000 },
    );
  });
});
