// The side of whoever wants ports held: starts the process that holds them where there is none, and tells it which.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { inNetns, type Netns, SEARCH_PATH } from '../kernel/run.ts';
import type { Answer, HeldPort, Order, RefusedPort } from './words.ts';

const START_LIMIT_MS = 10_000;
const START_POLL_MS = 20;
const ANSWER_LIMIT_MS = 10_000;

export interface HolderOptions {
  /** In the network whose ports they are. */
  readonly netns: Netns;
  readonly socketPath: string;
  /** A program that calls `holdPorts` with the socket's path, which is added to it. */
  readonly command: readonly string[];
}

/** Makes these the ports that are held, and says which ones somebody else has. */
export async function tellHolder(options: HolderOptions, ports: readonly HeldPort[]): Promise<RefusedPort[]> {
  const answer = await order(options.socketPath, { ports });
  if (answer !== undefined) return answer.refused;
  // Nothing to hold, and nobody who holds anything.
  if (ports.length === 0) return [];
  await start(options);
  const second = await order(options.socketPath, { ports });
  if (second === undefined) throw new Error('the process that holds published ports does not answer');
  return second.refused;
}

/** Everything is released when this has resolved. */
export async function endHolder(socketPath: string): Promise<void> {
  await order(socketPath, { ports: [], end: true });
  rmSync(socketPath, { force: true });
}

/** Undefined where nobody answers. */
async function order(socketPath: string, said: Order): Promise<Answer | undefined> {
  const connection = createConnection(socketPath);
  connection.setTimeout(ANSWER_LIMIT_MS, () => connection.destroy());
  try {
    await once(connection, 'connect');
    connection.write(`${JSON.stringify(said)}\n`);
    const answer = await text(connection);
    return answer === '' ? undefined : JSON.parse(answer);
  } catch {
    return undefined;
  } finally {
    connection.destroy();
  }
}

/** Detached, and with none of our descriptors: it stays when we go. */
async function start({ netns, socketPath, command }: HolderOptions): Promise<void> {
  mkdirSync(path.dirname(socketPath), { recursive: true, mode: 0o700 });
  const [program, ...args] = inNetns(netns, [...command, socketPath]);
  const env = { ...process.env, PATH: SEARCH_PATH };
  const child = spawn(program!, args, { detached: true, stdio: 'ignore', env });
  await once(child, 'spawn');
  child.unref();
  for (let waited = 0; waited < START_LIMIT_MS; waited += START_POLL_MS) {
    if ((await order(socketPath, { ports: [] })) !== undefined) return;
    if (child.exitCode !== null)
      throw new Error(`the process that holds published ports ended with ${child.exitCode}`);
    await delay(START_POLL_MS);
  }
}
