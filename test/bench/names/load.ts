// Questions from many addresses: as many as are answered, or so many a second, whoever keeps up.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { nameAsker } from './population.ts';

export interface Load {
  /** Always so many on their way. Answers a second. */
  flood(outstanding: number, seconds: number): Promise<{ answered: number; seconds: number }>;
  /** So many a second, evenly. How long each took, in ms, and how many were never answered. */
  pace(perSecond: number, seconds: number): Promise<{ waits: number[]; lost: number; sent: number }>;
  close(): void;
}

const IDS = 65_536;
/** What has not been answered by then never is. */
const LAST_WAIT_MS = 1_000;

export async function openLoad(port: number, askers: number, queries: readonly Buffer[]): Promise<Load> {
  const sockets = await Promise.all(Array.from({ length: askers }, (_, asker) => open(nameAsker(asker))));
  /** By asker and id: when the question was sent; 0 when there is none. */
  const sentAt = sockets.map(() => new Float64Array(IDS));
  let next = 0;
  let onAnswer: (waitMs: number) => void = () => undefined;
  for (const [asker, socket] of sockets.entries()) {
    socket.on('message', (answer) => {
      const id = answer.readUInt16BE(0);
      const sent = sentAt[asker]![id]!;
      if (sent === 0) return;
      sentAt[asker]![id] = 0;
      onAnswer(performance.now() - sent);
    });
  }

  function send(): void {
    const asker = next % askers;
    const id = Math.floor(next / askers) % IDS;
    const query = queries[next % queries.length]!;
    next += 1;
    query.writeUInt16BE(id, 0);
    sentAt[asker]![id] = performance.now();
    // The kernel copies it before this returns, or the next one would overwrite it.
    sockets[asker]!.send(Buffer.from(query), port, '127.0.0.1');
  }

  return {
    async flood(outstanding, seconds) {
      let answered = 0;
      let going = true;
      onAnswer = () => {
        answered += 1;
        if (going) send();
      };
      const began = performance.now();
      for (let count = 0; count < outstanding; count += 1) send();
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      going = false;
      const took = (performance.now() - began) / 1000;
      await new Promise((resolve) => setTimeout(resolve, LAST_WAIT_MS));
      return { answered, seconds: took };
    },
    async pace(perSecond, seconds) {
      const waits: number[] = [];
      onAnswer = (waitMs) => waits.push(waitMs);
      const wanted = Math.floor(perSecond * seconds);
      const began = performance.now();
      for (let sent = 0; sent < wanted; ) {
        const due = Math.min(wanted, ((performance.now() - began) / 1000) * perSecond);
        for (; sent < due; sent += 1) send();
        await new Promise(setImmediate);
      }
      await new Promise((resolve) => setTimeout(resolve, LAST_WAIT_MS));
      return { waits, lost: wanted - waits.length, sent: wanted };
    },
    close() {
      for (const socket of sockets) socket.close();
    },
  };
}

async function open(address: string): Promise<Socket> {
  const socket = createSocket({
    type: 'udp4',
    recvBufferSize: 4 * 1024 * 1024,
    lookup: (name, _options, done) => done(null, name, 4),
  });
  const listening = once(socket, 'listening');
  socket.bind(0, address);
  await listening;
  return socket;
}
