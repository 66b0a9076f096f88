// Answers datagrams on one address.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { Counts } from '../counts.ts';
import type { ServerAddress } from '../server-address.ts';
import { explainListening } from './listen-error.ts';
import type { AnswerMessage, Served } from './served.ts';

/** Room for what comes while a table is being read; the kernel gives what it allows. */
const RECEIVE_BYTES = 4 * 1024 * 1024;

export async function serveUdp(
  address: ServerAddress,
  answer: AnswerMessage,
  counts: Counts,
): Promise<Served> {
  const { host, port } = address;
  const socket = createSocket({
    type: isIPv6(host) ? 'udp6' : 'udp4',
    ipv6Only: isIPv6(host),
    recvBufferSize: RECEIVE_BYTES,
    // Who asks is known by number: nothing is to be looked up, nor done in another turn.
    lookup: (name, _options, done) => done(null, name, isIPv6(name) ? 6 : 4),
  });
  const bound = once(socket, 'listening');
  socket.bind({ address: host, port, exclusive: true });
  try {
    await bound;
  } catch (error) {
    socket.close();
    throw explainListening(address, error as NodeJS.ErrnoException);
  }
  // Of one datagram, or of a network that is gone for the moment: the socket goes on.
  socket.on('error', () => {
    counts.failures['not-sent'] += 1;
  });
  let closed = false;
  const noteSent = (error: Error | null) => {
    // Nobody there any more, or no way to them.
    if (error) counts.failures['not-sent'] += 1;
  };
  socket.on('message', (message, { address: from, port: fromPort }) => {
    const reply = answer(message, from, 'udp');
    const sendIt = (reply: Buffer | undefined) => {
      if (reply && !closed) socket.send(reply, fromPort, from, noteSent);
    };
    if (reply instanceof Promise) reply.then(sendIt, () => undefined);
    else sendIt(reply);
  });
  return {
    port: socket.address().port,
    async close() {
      closed = true;
      await closeSocket(socket);
    },
  };
}

async function closeSocket(socket: Socket): Promise<void> {
  socket.close();
  await once(socket, 'close');
}
