// A way to the engine that tests can look into and cut: TCP in front, the real engine behind.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type Docker from 'dockerode';

export interface EngineProxy {
  /** As DOCKER_HOST is written. */
  readonly dockerHost: string;
  /** Method and path of every request so far. */
  readonly requests: readonly string[];
  /** Breaks every connection. New ones are taken. */
  cut(): void;
  /** Requests whose method and path match are never answered; undefined: all are. */
  stall(pattern: RegExp | undefined): void;
  close(): Promise<void>;
}

export async function openProxy(docker: Docker): Promise<EngineProxy> {
  const modem = docker.modem as unknown as {
    host?: string;
    port?: string;
    getSocketPath(): Promise<string> | undefined;
  };
  const socketPath = await modem.getSocketPath();
  const sockets = new Set<Socket>();
  const requests: string[] = [];
  let stalled: RegExp | undefined;
  const server = createServer((client) => {
    const engine = socketPath ? connect(socketPath) : connect(Number(modem.port), modem.host);
    for (const [from, to] of [
      [client, engine],
      [engine, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
    engine.pipe(client);
    client.on('end', () => engine.end());
    let isStalled = false;
    client.on('data', (data) => {
      for (const [line] of data.toString('latin1').matchAll(/^(GET|POST|DELETE) \/[^ ?]*/gm)) {
        requests.push(line);
        isStalled = stalled?.test(line) ?? false;
      }
      if (!isStalled) engine.write(data);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    dockerHost: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    cut,
    stall(pattern) {
      stalled = pattern;
    },
    async close() {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}
