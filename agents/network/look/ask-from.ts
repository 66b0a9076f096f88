// Asks from inside a namespace, as whoever is in there would: a name of its resolver, a connection to somebody.
import { run } from '../kernel/run.ts';

export type Asked<Answer> = Answer | { readonly error: string };

const ASK_NAME = `
  const { Resolver } = require('node:dns').promises;
  const [, server, name] = process.argv;
  const resolver = new Resolver({ timeout: 1500, tries: 1 });
  resolver.setServers([server]);
  const say = (answer) => console.log(JSON.stringify(answer));
  resolver.resolve4(name).then((addresses) => say({ addresses }), ({ code }) => say({ error: code }));`;

const CONNECT = `
  const [, host, port, ms] = process.argv;
  const socket = require('node:net').connect({ host, port: Number(port), timeout: Number(ms) });
  const say = (answer) => console.log(JSON.stringify(answer));
  const leave = () => { say({ connected: true }); socket.removeAllListeners('error').on('error', () => {}).resume().end(); };
  socket.on('connect', leave)
    .on('timeout', () => { if (socket.connecting) say({ error: 'ETIMEDOUT' }); socket.destroy(); })
    .on('error', ({ code }) => say({ error: code }));
  setTimeout(() => socket.destroy(), Number(ms) + 100).unref();`;

const CONNECT_LIMIT_MS = 2_000;

/** IPv4 addresses, in no order; an error has the code of Node's dns module. */
export async function askName(netns: string, server: string, name: string) {
  return await ask<{ readonly addresses: string[] }>(netns, ASK_NAME, server, name);
}

/** Opened, and closed at once. */
export async function tryConnection(netns: string, host: string, port: number) {
  return await ask<{ readonly connected: true }>(netns, CONNECT, host, `${port}`, `${CONNECT_LIMIT_MS}`);
}

async function ask<Answer>(netns: string, script: string, ...args: string[]): Promise<Asked<Answer>> {
  const { stdout, stderr } = await run(netns, [process.execPath, '-e', script, ...args]);
  return stdout === '' ? { error: stderr.trim().split('\n', 1)[0]! } : JSON.parse(stdout);
}
