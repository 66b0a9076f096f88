// Answers on TCP what does not fit into a datagram. A connection that is idle is closed, and so is one that does not read.
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { ServerAddress } from '../server-address.ts';
import { createFrames, frame } from '../wire/frames.ts';
import { explainListening } from './listen-error.ts';
import type { AnswerMessage, Served } from './served.ts';

const IDLE_MS = 10_000;
const MOST_CONNECTIONS = 400;
const MOST_PER_ASKER = 40;
/** Questions on one connection that are not answered yet. */
const MOST_WAITING = 32;
const MOST_UNREAD_BYTES = 1024 * 1024;

export async function serveTcp(address: ServerAddress, answer: AnswerMessage): Promise<Served> {
  const connections = new Map<string, Set<Socket>>();
  const server = createServer({ noDelay: true }, (socket) => {
    const from = socket.remoteAddress;
    const mine = connections.get(from ?? '') ?? new Set();
    if (from === undefined || mine.size >= MOST_PER_ASKER) {
      socket.destroy();
      return;
    }
    connections.set(from, mine.add(socket));
    socket.on('close', () => {
      mine.delete(socket);
      if (mine.size === 0) connections.delete(from);
    });
    serveConnection(socket, from, answer);
  });
  server.maxConnections = MOST_CONNECTIONS;
  const { host, port } = address;
  try {
    server.listen({ host, port, ipv6Only: true, exclusive: true });
    await once(server, 'listening');
  } catch (error) {
    throw explainListening(address, error as NodeJS.ErrnoException);
  }
  server.on('error', () => undefined);
  return {
    port: (server.address() as { port: number }).port,
    async close() {
      server.close();
      for (const sockets of connections.values()) for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

function serveConnection(socket: Socket, from: string, answer: AnswerMessage): void {
  let waiting = 0;
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  // A connection that breaks is closed, and that is all.
  socket.on('error', () => undefined);
  socket.on('data', createFrames(take));

  async function take(message: Buffer): Promise<void> {
    waiting += 1;
    if (waiting >= MOST_WAITING) socket.pause();
    const reply = await answer(message, from, 'tcp');
    waiting -= 1;
    if (socket.destroyed) return;
    if (reply) socket.write(frame(reply));
    if (socket.writableLength > MOST_UNREAD_BYTES) socket.destroy();
    else if (waiting < MOST_WAITING) socket.resume();
  }
}
