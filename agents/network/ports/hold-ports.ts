// A process of its own that holds published ports of this machine, so that no other program takes one for its own and
// listens where nothing arrives: it gets its error, or we get ours. It outlives the agent, as the rules do, which lead
// connections past it. What gets here has nowhere to go, and is told so at once.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { type Answer, type HeldPort, type Order, sayHeld } from './words.ts';

interface Hold {
  release(): Promise<void>;
}

/** Serves at a socket until it is told to end. Resolves at once where another one serves there. */
export async function holdPorts(socketPath: string): Promise<void> {
  if (await isServed(socketPath)) return;
  rmSync(socketPath, { force: true });
  const held = new Map<string, Hold>();
  let turn: Promise<unknown> = Promise.resolve();
  const server = createServer((connection) => {
    connection.on('error', () => connection.destroy());
    createInterface({ input: connection })
      .on('line', (line) => {
        const order: Order = JSON.parse(line);
        // One after the other: the last one said is what is held.
        turn = turn.then(() => obey(order, connection));
      })
      .on('error', () => undefined);
  });
  server.listen(socketPath);
  await once(server, 'listening');
  chmodSync(socketPath, 0o600);
  await once(server, 'close');

  async function obey(order: Order, connection: Socket): Promise<void> {
    const wanted = new Map(order.ports.map((port) => [sayHeld(port), port]));
    for (const [name, hold] of held) {
      if (wanted.has(name)) continue;
      held.delete(name);
      await hold.release();
    }
    const refused: Answer['refused'] = [];
    for (const [name, port] of wanted) {
      if (held.has(name)) continue;
      try {
        held.set(name, await hold(port));
      } catch (error) {
        refused.push({ ...port, reason: (error as NodeJS.ErrnoException).code ?? String(error) });
      }
    }
    connection.end(`${JSON.stringify({ refused })}\n`);
    if (order.end) server.close();
  }
}

async function isServed(socketPath: string): Promise<boolean> {
  const connection = createConnection(socketPath);
  const isServed = await once(connection, 'connect').then(
    () => true,
    () => false,
  );
  connection.destroy();
  return isServed;
}

async function hold({ protocol, port, ipv6: of6 }: HeldPort): Promise<Hold> {
  const ipv6 = of6 === true;
  const host = ipv6 ? '::' : '0.0.0.0';
  if (protocol === 'udp') {
    const socket = createSocket({ type: ipv6 ? 'udp6' : 'udp4', ipv6Only: ipv6 });
    socket.bind({ port, address: host, exclusive: true });
    await once(socket, 'listening');
    socket.on('error', () => undefined);
    return { release: () => new Promise((resolve) => socket.close(() => resolve())) };
  }
  const server: Server = createServer((connection) => {
    connection.on('error', () => undefined).resetAndDestroy();
  });
  server.listen({ port, host, ipv6Only: ipv6, exclusive: true });
  await once(server, 'listening');
  server.on('error', () => undefined);
  return { release: () => new Promise((resolve) => server.close(() => resolve())) };
}
