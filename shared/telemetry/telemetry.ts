// The telemetry of one process: knows its copies, and answers for them over HTTP, when it is told where, and over NATS.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Bus } from '@muster/runtime';
import { type Asked, statsSubject } from './ask-copies.ts';
import { judgeLife, judgeReadiness } from './checks.ts';
import { type CopyStats, describeRole } from './copy-stats.ts';
import { serveEndpoint } from './endpoint.ts';
import type { ListenAddress } from './listen-address.ts';
import { lookAt, lookAtWorkloads, lookClosely, type ObservedRole } from './observed.ts';
import { createPrometheusExport } from './prometheus.ts';

export interface Telemetry {
  /** Takes a copy into the account, until what it returns is called. */
  observe(role: ObservedRole): () => void;
  /** All that this process is to run, runs. */
  noteStarted(): void;
  /** Listens for HTTP from here on, and returns where. Throws `ListenError`. */
  listen(address: ListenAddress): Promise<string>;
  /** Answers `muster top` from here on. */
  answerOn(bus: Bus): void;
  stop(): Promise<void>;
}

/** One answer has to fit into a message, however many agents there are. */
const ROLES_PER_ANSWER = 500;

export function createTelemetry(version: string): Telemetry {
  const id = randomUUID();
  const observed: ObservedRole[] = [];
  const closers: (() => void | Promise<void>)[] = [];
  let started = false;

  function describeProcess(): Omit<CopyStats, 'roles'> {
    const { user, system } = process.cpuUsage();
    return {
      process: id,
      host: hostname(),
      pid: process.pid,
      version,
      uptimeMs: Math.round(process.uptime() * 1000),
      cpuMs: Math.round((user + system) / 1000),
      memoryBytes: process.memoryUsage.rss(),
    };
  }

  function* describeCopies(asked: Asked): Generator<CopyStats> {
    const roles = observed
      .filter(({ agent }) => (agent !== undefined) === (asked === 'agent'))
      .map((role) => describeRole(lookAt(role), started));
    const about = describeProcess();
    for (let from = 0; from < roles.length; from += ROLES_PER_ANSWER) {
      yield { ...about, roles: roles.slice(from, from + ROLES_PER_ANSWER) };
    }
  }

  return {
    observe(role) {
      observed.push(role);
      return () => {
        const index = observed.indexOf(role);
        if (index >= 0) observed.splice(index, 1);
      };
    },
    noteStarted() {
      started = true;
    },
    async listen(address) {
      const prometheus = createPrometheusExport(version);
      const endpoint = await serveEndpoint(address, {
        metrics: async () => ({
          contentType: prometheus.contentType,
          text: await prometheus.print(await Promise.all(observed.map(lookAtWorkloads))),
        }),
        async health() {
          await new Promise(setImmediate);
          return judgeLife(observed.map(lookAt));
        },
        readiness: async () => judgeReadiness(await Promise.all(observed.map(lookClosely)), started),
      });
      closers.push(endpoint.close);
      return endpoint.url;
    },
    answerOn(bus) {
      for (const asked of ['control', 'agent'] as const) {
        const subscription = bus.subscribe(statsSubject(asked), ({ reply }) => {
          if (reply === undefined) return;
          for (const stats of describeCopies(asked))
            bus.publish(reply, new TextEncoder().encode(JSON.stringify(stats)));
        });
        closers.push(subscription.stop);
      }
    },
    async stop() {
      await Promise.all(closers.splice(0).map((close) => close()));
    },
  };
}
