import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connectNats, type NatsServerProcess, startNatsServer } from '@muster/runtime';
import { jetstreamManager } from '@nats-io/jetstream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { JetStreamLog } from '../log.ts';
import { ensureStreams, LOG_STREAM } from '../server/streams.ts';
import { listConsumerStats } from './consumer-stats.ts';

const SUBJECT = 'muster.event.orchestrator.service.x';
let dir: string;
let server: NatsServerProcess;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'muster-level-'));
  server = await startNatsServer({ dir });
});
afterEach(async () => {
  await server.stop();
  await rm(dir, { recursive: true, force: true, maxRetries: 5 });
});

it('begins a new consumer when its own stands still while the log goes on', async () => {
  const nc = await connectNats(server.url, { name: 'test' });
  await ensureStreams(nc);
  const log = new JetStreamLog(nc);
  const seqs: number[] = [];
  const signs: string[] = [];
  const following = await log.follow({
    from: 1,
    onRecord: ({ seq }) => seqs.push(seq),
    onError: (error) => signs.push(error.message),
    onInterrupted: () => signs.push('interrupted'),
    onResumed: () => signs.push('resumed'),
  });
  await log.append(SUBJECT, new Uint8Array(1));
  await expect.poll(() => seqs).toEqual([1]);

  // A paused consumer gives no record and no error, and its heartbeats go on: as one on a replica that stands still.
  const jsm = await jetstreamManager(nc);
  const [consumer] = await jsm.consumers.list(LOG_STREAM).next();
  await jsm.consumers.pause(LOG_STREAM, consumer!.name, new Date(Date.now() + 60_000));
  await log.append(SUBJECT, new Uint8Array(1));
  const since = performance.now();
  const measureLateMs = () => listConsumerStats(nc)[0]!.measureLateMs();
  await expect.poll(measureLateMs, { timeout: 5_000, interval: 20 }).toBeGreaterThan(0);
  await expect.poll(() => seqs, { timeout: 5_000, interval: 20 }).toEqual([1, 2]);
  expect(performance.now() - since, 'within two seconds, and what this machine takes').toBeLessThan(4_000);
  expect(signs).toEqual(['interrupted', 'resumed']);
  expect(listConsumerStats(nc)).toMatchObject([{ stream: LOG_STREAM, interrupted: false, restarts: 1 }]);
  expect(measureLateMs()).toBe(0);

  await following.stop();
  await nc.close();
});

it('leaves a consumer alone that has nothing to give', async () => {
  const nc = await connectNats(server.url, { name: 'test' });
  await ensureStreams(nc);
  const log = new JetStreamLog(nc);
  await log.append(SUBJECT, new Uint8Array(1));
  const signs: string[] = [];
  const following = await log.follow({
    from: 1,
    onRecord: () => undefined,
    onError: (error) => signs.push(error.message),
    onInterrupted: () => signs.push('interrupted'),
  });
  await delay(3_000); // longer than it takes to be found out
  expect(signs).toEqual([]);
  await following.stop();
  await nc.close();
});
