// One question to one server, by UDP or TCP, under an id and a port of its own: what else comes there is no answer.
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createConnection, isIPv6 } from 'node:net';
import type { ServerAddress } from '../server-address.ts';
import { createFrames, frame } from '../wire/frames.ts';
import type { Transport } from '../wire/reply-to.ts';
import { answersTo } from '../wire/same-question.ts';

export interface Attempt {
  /** The answer as it came; rejects when there is none to come. */
  readonly answer: Promise<Buffer>;
  /** Waits no longer: the answer then never comes. */
  end(): void;
}

export function ask(server: ServerAddress, query: Buffer, transport: Transport): Attempt {
  const message = Buffer.from(query);
  message.writeUInt16BE(randomInt(0x1_0000), 0);
  const attempt = transport === 'udp' ? askByUdp(server, message) : askByTcp(server, message);
  const id = query.readUInt16BE(0);
  return {
    answer: attempt.answer.then((reply) => {
      reply.writeUInt16BE(id, 0);
      return reply;
    }),
    end: attempt.end,
  };
}

function askByUdp({ host, port }: ServerAddress, message: Buffer): Attempt {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  const end = once(() => socket.close());
  const answer = new Promise<Buffer>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (reply) => {
      if (answersTo(message, reply)) resolve(reply);
    });
    // Connected: nobody else is heard, and a port that nobody listens on is an error at once.
    socket.connect(port, host, () => socket.send(message));
  });
  return { answer: answer.finally(end), end };
}

function askByTcp({ host, port }: ServerAddress, message: Buffer): Attempt {
  const socket = createConnection({ host, port });
  const end = once(() => socket.destroy());
  const answer = new Promise<Buffer>((resolve, reject) => {
    const take = createFrames((reply) => {
      if (answersTo(message, reply)) resolve(reply);
    });
    socket.on('error', reject).on('data', take);
    socket.on('close', () => reject(new Error('closed without an answer')));
    socket.write(frame(message));
  });
  return { answer: answer.finally(end), end };
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    action();
  };
}
