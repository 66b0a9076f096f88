// Somebody in a network namespace, for tests: serves and asks as it is told, a line of JSON each. Ends with its input, and
// removes what its arguments name: where the test was killed, nobody else does.
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { createConnection, createServer } from 'node:net';
import { createInterface } from 'node:readline';

const open = new Map();
/** The addresses that were seen by what is served. */
const seen = new Set();

const deeds = {
  /** Says who it is and whom it sees, then repeats what it hears; `take N` gets so many bytes. */
  serve: ({ protocol, port, name, host = '0.0.0.0' }) =>
    new Promise((resolve, reject) => {
      if (protocol === 'udp') {
        const ipv6 = host.includes(':');
        const socket = createSocket({ type: ipv6 ? 'udp6' : 'udp4', ipv6Only: ipv6 }).on('error', reject);
        socket.on('message', (_, { address, port: to }) => {
          seen.add(address);
          socket.send(`${name} saw ${address}`, to, address);
        });
        socket.bind(port, host, () => resolve('serves'));
        return;
      }
      const server = createServer((socket) => {
        socket.on('error', () => socket.destroy());
        seen.add(socket.remoteAddress);
        socket.write(`${name} saw ${socket.remoteAddress}\n`);
        const lines = createInterface({ input: socket }).on('error', () => undefined);
        lines.on('line', (line) => {
          const bytes = /^take (\d+)$/.exec(line)?.[1];
          if (bytes) socket.end(Buffer.alloc(Number(bytes), 'x'));
          else socket.write(`${name} heard ${line}\n`);
        });
      });
      server
        .on('error', reject)
        .listen({ port, host, ipv6Only: host.includes(':') }, () => resolve('serves'));
    }),

  seen: async () => [...seen],

  ask: ({ protocol, ...rest }) => (protocol === 'udp' ? askUdp(rest) : askTcp(rest)),

  /** A connection that stays. */
  open: async ({ key, ...rest }) => {
    const socket = await connect(rest);
    open.set(key, socket);
    return await nextLine(socket);
  },

  say: ({ key, line }) => {
    const socket = open.get(key);
    socket.write(`${line}\n`);
    return nextLine(socket);
  },

  /** How many bytes came, in what time. */
  take: async ({ bytes, ...rest }) => {
    const socket = await connect(rest);
    const began = performance.now();
    socket.write(`take ${bytes}\n`);
    let got = 0;
    for await (const chunk of socket) got += chunk.length;
    return { got, ms: performance.now() - began };
  },
};

createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const { id, deed, ...rest } = JSON.parse(line);
    const answer = await deeds[deed](rest).then(
      (value) => ({ id, value }),
      (error) => ({ id, error: error.code ?? error.message }),
    );
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  })
  .on('close', () => {
    for (const netns of process.argv.slice(2)) spawnSync('ip', ['netns', 'delete', netns]);
    process.exit();
  });

async function askTcp(rest) {
  const socket = await connect(rest);
  const line = await nextLine(socket);
  socket.destroy();
  return line;
}

function connect({ host, port, from, timeoutMs = 2_000 }) {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host, port, ...(from ? { localAddress: from } : {}) });
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('silence')));
    socket.once('error', reject).once('connect', () => {
      socket.setTimeout(0);
      resolve(socket);
    });
  });
}

function nextLine(socket, timeoutMs = 3_000) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('silence')), timeoutMs);
    let text = '';
    const hear = (chunk) => {
      text += chunk;
      if (!text.includes('\n')) return;
      clearTimeout(timer);
      socket.off('data', hear);
      resolve(text.split('\n', 1)[0]);
    };
    socket.on('data', hear);
    socket.once('close', () => reject(new Error('closed')));
    socket.once('error', reject);
  });
}

/** From a port that is kept, where one is named: the same flow as before. */
function askUdp({ host, port, from, fromPort, timeoutMs = 2_000 }) {
  return new Promise((resolve, reject) => {
    const key = `udp ${fromPort}`;
    const ipv6 = host.includes(':');
    const socket = open.get(key) ?? createSocket(ipv6 ? 'udp6' : 'udp4');
    const timer = setTimeout(() => end(reject, new Error('silence')), timeoutMs);
    const hear = (message) => end(resolve, message.toString());
    const fail = (error) => end(reject, error);
    const end = (settle, value) => {
      clearTimeout(timer);
      socket.off('message', hear).off('error', fail);
      if (fromPort === undefined) socket.close();
      settle(value);
    };
    socket.on('message', hear).on('error', fail);
    const send = () => socket.send('who?', port, host, (error) => error && fail(error));
    if (open.has(key)) send();
    else {
      if (fromPort !== undefined) open.set(key, socket);
      socket.bind({ port: fromPort ?? 0, address: from ?? (ipv6 ? '::' : '0.0.0.0') }, send);
    }
  });
}
