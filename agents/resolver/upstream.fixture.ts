// Servers as the world has them: some know, some are slow, some are gone, and some say anything.
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { decode, encode, TRUNCATED_RESPONSE } from 'dns-packet';
import { createFrames, frame } from './wire/frames.ts';

export interface World {
  readonly address: string;
  /** Names that it was asked for. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** What becomes of a question: the messages that are sent back, or none. */
export type Manner = (query: Buffer) => Buffer[] | Promise<Buffer[]>;

export const knows =
  (address = '192.0.2.7'): Manner =>
  (query) => {
    const { id, questions } = decode(query);
    const name = questions![0]!.name;
    const rcode = name.endsWith('.missing') ? 3 : 0;
    return [
      encode({
        type: 'response',
        id: id!,
        flags: rcode,
        questions: questions!,
        answers: rcode === 0 ? [{ type: 'A', name, ttl: 300, data: address }] : [],
      }),
    ];
  };
export const silent: Manner = () => [];
export const helpless: Manner = (query) => {
  const { id, questions } = decode(query);
  return [encode({ type: 'response', id: id!, flags: 2, questions: questions! })];
};
export const slow =
  (ms: number, then: Manner): Manner =>
  async (query) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return then(query);
  };
/** Noise, an answer to another id, and one to another question; then what `then` says. */
export const garbage =
  (then: Manner): Manner =>
  async (query) => {
    const [right] = await knows('203.0.113.66')(query);
    const otherId = Buffer.from(right!);
    otherId.writeUInt16BE((otherId.readUInt16BE(0) + 1) % 65_536, 0);
    const otherName = Buffer.from(right!);
    otherName[13]! ^= 1;
    return [randomBytes(40), Buffer.alloc(0), otherId, otherName, query, ...(await then(query))];
  };
/** More than a datagram holds: asks to be asked over TCP. */
export const cut: Manner = (query) => {
  const { id, questions } = decode(query);
  return [encode({ type: 'response', id: id!, flags: TRUNCATED_RESPONSE, questions: questions! })];
};

export async function startWorld(byUdp: Manner, byTcp: Manner = byUdp): Promise<World> {
  const asked: string[] = [];
  const note = (query: Buffer) => asked.push(decode(query).questions![0]!.name);
  const tcp = createServer((socket) => {
    const take = createFrames(async (query) => {
      note(query);
      for (const reply of await byTcp(query)) if (!socket.destroyed) socket.write(frame(reply));
    });
    socket.on('error', () => undefined).on('data', take);
  });
  tcp.listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  const { port } = tcp.address() as { port: number };
  const udp = createSocket('udp4');
  let closed = false;
  udp.on('message', async (query, from) => {
    note(query);
    for (const reply of await byUdp(query)) if (!closed) udp.send(reply, from.port, from.address);
  });
  udp.bind(port, '127.0.0.1');
  await once(udp, 'listening');
  return {
    address: `127.0.0.1:${port}`,
    asked,
    async close() {
      closed = true;
      udp.close();
      tcp.close();
      await Promise.all([once(udp, 'close'), once(tcp, 'close')]);
    },
  };
}
