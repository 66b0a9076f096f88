// A server that says nothing is noticed at once by whoever follows the log, and by whoever is only told commands.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectNats, type NatsServerProcess, startNatsServer } from '@muster/runtime';
import type { NatsConnection } from '@nats-io/nats-core';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Following } from '../../log.ts';
import { JetStreamCommandStore } from '../commands.ts';
import { JetStreamLog } from '../log.ts';
import { ensureStreams } from '../server/streams.ts';
import { listConsumerStats } from './consumer-stats.ts';
import { listenForSilence } from './silence.ts';

let dir: string;
let server: NatsServerProcess;
let nc: NatsConnection;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'muster-silence-'));
  server = await startNatsServer({ dir });
  nc = await connectNats(server.url, { name: 'test' });
  await ensureStreams(nc);
});

afterEach(async () => {
  await nc.close();
  await server.stop();
  await rm(dir, { recursive: true, force: true, maxRetries: 5 });
});

const ignore = () => undefined;
const followLog = () => new JetStreamLog(nc).follow({ from: 1, onRecord: ignore, onError: ignore });
const followNode = (nodeId: string) =>
  new JetStreamCommandStore(nc).follow({ nodeId, onCommand: ignore, onCaughtUp: ignore, onError: ignore });

it.each<[string, () => Promise<Following>]>([
  ['the log', followLog],
  ['the commands of a node', () => followNode('n1')],
])('who follows %s says that nobody answers, and when somebody does again', async (_, follow) => {
  const following = await follow();
  const isSilent = () => listConsumerStats(nc).some((stats) => stats.isSilent);
  expect(isSilent()).toBe(false);
  const told = new Promise<void>((resolve) => listenForSilence(nc, resolve));
  await server.kill('SIGSTOP');
  const since = performance.now();
  await told;
  // Asked every second, and missed after less than half of one.
  expect(performance.now() - since).toBeLessThan(3_000);
  expect(isSilent()).toBe(true);
  await server.kill('SIGCONT');
  await vi.waitUntil(() => !isSilent(), { timeout: 10_000, interval: 20 });
  await following.stop();
});

it('for many nodes on one connection one asks', async () => {
  const nodes = await Promise.all(Array.from({ length: 50 }, (_, index) => followNode(`n${index}`)));
  let asked = 0;
  nc.subscribe('$JS.API.STREAM.INFO.MUSTER_COMMANDS', {
    callback: () => {
      asked += 1;
    },
  });
  await vi.waitUntil(() => asked > 1, { timeout: 10_000, interval: 20 });
  expect(asked).toBeLessThan(5);
  await Promise.all(nodes.slice(1).map((node) => node.stop()));
  asked = 0;
  await vi.waitUntil(() => asked > 0, { timeout: 10_000, interval: 20 });
  await nodes[0]!.stop();
});
