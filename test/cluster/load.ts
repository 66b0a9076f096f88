// Users, one beside each server, who ask for services again and again, made, made otherwise, removed, and look at them. Each
// intent can be told from all others, and what was acknowledged is remembered.
import { setTimeout as delay } from 'node:timers/promises';
import { createQueryClient } from '@muster/api';
import { encodeJson, intentSubject } from '@muster/events';
import { JetStreamLog } from '@muster/log';
import { connectNats, NatsBus } from '@muster/runtime';
import type { Chance } from '@muster/testing/simulation';
import { type Host, ports } from './hosts.ts';

const EVERY_MS = 120;
/** Intents from one question to the next. */
const ASKS_PER_LOOK = 4;
const SERVICES = 6;
const MOST_REPLICAS = 3;

export interface Asked {
  readonly subject: string;
  /** Undefined for a removal, which has nothing to tell it by. */
  readonly ask: string | undefined;
}

export interface Load {
  /** By their sequence. */
  readonly acknowledged: ReadonlyMap<number, Asked>;
  /** Those that were not acknowledged within ten seconds, so that nobody can tell whether they were stored. */
  readonly unknown: readonly string[];
  /** Questions that nobody answered. */
  readonly unanswered: readonly string[];
  begin(): void;
  /** Resolves when everything that was asked is acknowledged or given up. */
  pause(): Promise<void>;
  /** Servers have lost what they had: what was acknowledged may be gone, after that sequence. */
  forgetAfter(seq: number): void;
  stop(): Promise<void>;
}

export async function startLoad(hosts: readonly Host[], chance: Chance): Promise<Load> {
  const acknowledged = new Map<number, Asked>();
  const unknown: string[] = [];
  const unanswered: string[] = [];
  const exists = new Set<string>();
  const urls = hosts.map(({ address }) => `nats://${address}:${ports.clients}`);
  const users = await Promise.all(
    urls.map(async (url) => {
      const others = urls.filter((other) => other !== url);
      const connection = await connectNats([url, ...others].join(','), { name: 'test-user' });
      const client = createQueryClient(new NatsBus(connection));
      return { connection, log: new JetStreamLog(connection), client };
    }),
  );
  const open = new Set<Promise<void>>();
  let asks = 0;
  let asking: { over: boolean; done: Promise<void> } | undefined;

  function choose(): Asked & { readonly body: Uint8Array } {
    const name = `s${chance.between(1, SERVICES)}`;
    const subject = (verb: string) => intentSubject('ana', 'service', verb, name);
    if (exists.has(name) && chance.happens(0.2)) {
      exists.delete(name);
      return { subject: subject('remove'), ask: undefined, body: new Uint8Array() };
    }
    exists.add(name);
    asks += 1;
    const ask = String(asks);
    const body = {
      image: 'process',
      command: ['sleep', '86400'],
      replicas: chance.between(1, MOST_REPLICAS),
      restart: { delay: 0 },
      stopGracePeriod: '1s',
      labels: { ask },
    };
    return { subject: subject('apply'), ask, body: encodeJson(body) };
  }

  async function ask(user: (typeof users)[number]): Promise<void> {
    const { body, ...asked } = choose();
    try {
      const appended = await user.log.append(asked.subject, body);
      if (appended.ok) acknowledged.set(appended.seq, asked);
    } catch (error) {
      unknown.push(`${asked.subject}: ${(error as Error).message}`);
    }
  }

  async function look({ client }: (typeof users)[number]): Promise<void> {
    await client.ask('service.list', {}).catch((error: Error) => unanswered.push(error.message));
  }

  function keep(asking: Promise<void>): void {
    const kept = asking.finally(() => open.delete(kept));
    open.add(kept);
  }

  async function askUntil(phase: { readonly over: boolean }): Promise<void> {
    for (let turn = 0; !phase.over; turn += 1) {
      const user = users[turn % users.length]!;
      keep(ask(user));
      if (turn % ASKS_PER_LOOK === 0) keep(look(user));
      await delay(EVERY_MS); // the pace of whoever asks
    }
  }

  async function pause(): Promise<void> {
    if (asking) asking.over = true;
    await asking?.done;
    asking = undefined;
    await Promise.all(open);
  }

  return {
    acknowledged,
    unknown,
    unanswered,
    begin() {
      const phase = { over: false, done: Promise.resolve() };
      phase.done = askUntil(phase);
      asking = phase;
    },
    pause,
    forgetAfter(seq) {
      for (const known of acknowledged.keys()) if (known > seq) acknowledged.delete(known);
    },
    async stop() {
      await pause();
      for (const { connection, log } of users) {
        await log.close();
        await connection.close();
      }
    },
  };
}
