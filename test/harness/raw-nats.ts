// The NATS protocol by hand over TCP, with no client library between: what anything that can open a socket can do.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawNats {
  /** Just a line and bytes: nothing of it is checked here. */
  publish(subject: string, payload?: string | Uint8Array, reply?: string): void;
  /** Resolves when the server has handled all that was sent. Throws what it complained about. */
  flush(): Promise<void>;
  close(): void;
}

export async function connectRaw(url: string): Promise<RawNats> {
  const { hostname, port } = new URL(url);
  const socket: Socket = connect({ host: hostname, port: Number(port) });
  const complaints: string[] = [];
  const pongs: (() => void)[] = [];
  let text = '';
  await once(socket, 'connect');
  socket.on('data', (chunk) => {
    const lines = (text + chunk.toString('latin1')).split('\r\n');
    text = lines.pop()!;
    for (const line of lines) {
      if (line === 'PING') socket.write('PONG\r\n');
      else if (line === 'PONG') pongs.shift()?.();
      else if (line.startsWith('-ERR')) complaints.push(line);
    }
  });
  socket.write('CONNECT {"verbose":false,"pedantic":false,"name":"a socket"}\r\n');

  return {
    publish(subject, payload = '', reply) {
      const data = Buffer.from(payload);
      socket.write(`PUB ${subject} ${reply === undefined ? '' : `${reply} `}${data.length}\r\n`);
      socket.write(data);
      socket.write('\r\n');
    },
    async flush() {
      await new Promise<void>((resolve, reject) => {
        pongs.push(resolve);
        socket.once('close', () => reject(new Error(`the server hung up: ${complaints.join(', ')}`)));
        socket.write('PING\r\n');
      });
      if (complaints.length > 0) throw new Error(complaints.splice(0).join(', '));
    },
    close: () => socket.destroy(),
  };
}
