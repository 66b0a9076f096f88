// Copies to look at, for tests: well unless said otherwise.
import { createMeasures } from './measures.ts';
import type { AgentReading, ConnectionReading, FoldReading, NamesReading, RoleReading } from './observed.ts';

export function readControl(
  fold: Partial<FoldReading> = {},
  connection: Partial<ConnectionReading> = {},
): RoleReading & { readonly connection: ConnectionReading } {
  return {
    role: 'scheduler',
    copy: 'scheduler-1',
    measures: createMeasures(),
    connection: { ...connected, ...connection },
    loop: { rounds: 3, decisions: 2, conflicts: 1, failures: 0, unreadable: { 'tasks.assigned': 1 } },
    backlog: { services: 4 },
    fold: {
      head: 100,
      logHead: 100,
      folded: 40,
      startMs: 12,
      voided: 0,
      astray: 0,
      losses: { losses: 0, records: 0, intents: 0 },
      certain: true,
      halted: undefined,
      wireVersion: 1,
      failure: undefined,
      objects: { services: 1, tasks: 3, nodes: 2, networks: 0, intents: 0 },
      ...fold,
    },
  };
}

export function readAgent(
  agent: Partial<AgentReading> = {},
): RoleReading & { readonly connection: ConnectionReading } {
  return {
    role: 'agent',
    copy: 'node1',
    measures: createMeasures(),
    connection: { ...connected, consumers: [] },
    backlog: { reports: 0 },
    agent: {
      nodeId: 'n1',
      state: 'running',
      engineTrouble: undefined,
      cutOff: false,
      tasks: { running: 2 },
      waitingReports: 0,
      reports: 5,
      commands: 3,
      refusedCommands: 0,
      oddStatuses: 0,
      started: 4,
      failed: 1,
      imagesPulled: 2,
      networks: {
        lacks: [],
        trouble: undefined,
        objects: { endpoints: 3, rules: 40 },
        drops: { spoofed: 1 },
        connections: { router: { used: 5, limit: 100 }, host: undefined },
        resolver: true,
      },
      ...agent,
    },
  };
}

/** It has no connection: it needs no NATS. */
export function readResolver(names: Partial<NamesReading> = {}): RoleReading {
  return {
    role: 'resolver',
    copy: 'resolver-1',
    measures: createMeasures(),
    backlog: {},
    names: {
      queries: { answered: 7, refused: 1 },
      failures: { 'broken-file': 2 },
      upstreamMs: 1_500,
      networks: 1,
      names: 3,
      askers: 2,
      broken: {},
      ...names,
    },
  };
}

const connected: ConnectionReading = {
  connected: true,
  server: '127.0.0.1:4222',
  disconnects: 0,
  reconnects: 0,
  slowConsumers: 0,
  errors: 0,
  messagesIn: 1,
  messagesOut: 1,
  bytesIn: 1,
  bytesOut: 1,
  writes: [{ stream: 'MUSTER_LOG', refusing: undefined, full: false, noRoom: 0 }],
  consumers: [
    {
      stream: 'MUSTER_LOG',
      restarts: 0,
      interrupted: false,
      flowControls: 0,
      stalls: 0,
      pending: 0,
      measureLateMs: () => 0,
      isSilent: false,
    },
  ],
};
