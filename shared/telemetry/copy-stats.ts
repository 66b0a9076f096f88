// What a process tells of its copies when it is asked over NATS: figures since its start, so that two answers tell what
// happened between them. Pure.
import { WIRE_VERSION } from '@muster/events';
import { z } from 'zod';
import { judgeReadiness } from './checks.ts';
import type { NetworksReading, RoleReading } from './observed.ts';

const count = z.number().nonnegative();

const roleStatsSchema = z.object({
  role: z.string(),
  copy: z.string().describe('Which copy of the role; unique in its process only.'),
  head: count.optional().describe('The last sequence folded.'),
  folded: count.describe('Records folded since the copy had caught up.'),
  decisions: count.describe('Decisions that the log took; of an agent, statuses that it reported.'),
  conflicts: count,
  failures: count,
  appends: z
    .array(count)
    .describe('Appends by how long they took: buckets of 0.1 ms to 10 s, and what took longer.'),
  waiting: z.record(z.string(), count).describe('What waits, by queue.'),
  tasks: z.record(z.string(), count).optional().describe('Of an agent: its tasks by state.'),
  reads: count
    .optional()
    .describe('The newest wire version that the build reads; left out by builds of the first.'),
  clockAheadMs: z
    .number()
    .optional()
    .describe('How far the clock of its machine is ahead of the log’s, by which it decides.'),
  logLeapMs: z
    .number()
    .optional()
    .describe('How far the clock of the log’s server has leapt away, while that is not believed yet.'),
  halted: z
    .object({
      reason: z.string(),
      record: z.object({ seq: count, subject: z.string(), type: z.string() }).optional(),
    })
    .optional()
    .describe('Why it decides nothing, and the record that it does not understand.'),
  full: z
    .array(z.object({ stream: z.string(), why: z.string() }))
    .optional()
    .describe('Streams that take nothing from anybody, as it found when it had something to store.'),
  networks: z
    .object({
      lacks: z.array(z.string()).describe('What the machine lacks for them, and how to get it.'),
      trouble: z.string().optional().describe('Why they are not as they are to be.'),
      resolver: z.boolean().optional().describe('Whether names are answered, where tasks ask.'),
      connections: z
        .record(z.string(), z.object({ used: count, limit: count }))
        .describe('Tracked connections, in the router and on the host.'),
    })
    .optional()
    .describe('Of an agent whose node is to have part in networks.'),
  trouble: z.string().optional().describe('Why it is not ready, as far as it knows without asking anybody.'),
});
export type RoleStats = z.infer<typeof roleStatsSchema>;

export const copyStatsSchema = z.object({
  process: z.string().describe('Drawn when the process started.'),
  host: z.string(),
  pid: z.number(),
  version: z.string(),
  uptimeMs: count,
  cpuMs: count.describe('Time on any processor since the start.'),
  memoryBytes: count,
  roles: z.array(roleStatsSchema),
});
export type CopyStats = z.infer<typeof copyStatsSchema>;

function describeNetworks(networks: NetworksReading): RoleStats['networks'] {
  const { lacks, trouble, resolver, connections } = networks;
  const seen = Object.entries(connections).flatMap(([space, one]) => (one ? [[space, { ...one }]] : []));
  return {
    lacks: [...lacks],
    ...(trouble !== undefined && { trouble }),
    ...(resolver !== undefined && { resolver }),
    connections: Object.fromEntries(seen),
  };
}

export function describeRole(reading: RoleReading, started: boolean): RoleStats {
  const { role, copy, fold, loop, agent, measures, backlog, connection } = reading;
  const wrong = judgeReadiness([reading], started).checks.find(({ ok }) => !ok);
  const full = (connection?.writes ?? []).flatMap(({ stream, refusing: why, full: isFull }) =>
    isFull && why !== undefined ? [{ stream, why }] : [],
  );
  return {
    role,
    copy,
    ...(fold && { head: fold.head }),
    folded: fold?.folded ?? 0,
    decisions: agent?.reports ?? loop?.decisions ?? 0,
    conflicts: loop?.conflicts ?? 0,
    failures: loop?.failures ?? 0,
    appends: [...measures.appends.counts],
    waiting: { ...backlog },
    reads: WIRE_VERSION,
    ...(connection?.clock && {
      clockAheadMs: connection.clock.aheadMs,
      logLeapMs: connection.clock.leapMs,
    }),
    ...(agent && { tasks: { ...agent.tasks } }),
    ...(agent?.networks && { networks: describeNetworks(agent.networks) }),
    ...(fold?.halted && { halted: fold.halted }),
    ...(full.length > 0 && { full }),
    ...(wrong && { trouble: `${wrong.check}: ${wrong.says}` }),
  };
}
