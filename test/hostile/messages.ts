// Messages that nobody should send, by class: over every subject there is, to every role.
import { composeEvent, type EventDraft, eventKinds } from '@muster/events';
import type { Chance } from '@muster/simulation';
import { describeNode } from '@muster/testing';
import { oddKeys, oddPayload, oddValue, spoilSpec } from './odd-values.ts';

export interface Hostile {
  readonly subject: string;
  readonly payload: string | Uint8Array;
  readonly reply?: string;
}

/** What there is to aim at. */
export interface Targets {
  readonly nodeIds: readonly string[];
  readonly taskIds: readonly string[];
  readonly serviceIds: readonly string[];
  readonly head: number;
}

export type Make = (chance: Chance, targets: Targets) => Hostile;

const roles = ['orchestrator', 'allocator', 'scheduler', 'dispatcher', 'api', 'agent'];
const queries = [
  'service.list',
  'service.inspect',
  'service.tasks',
  'service.progress',
  'node.list',
  'node.inspect',
  'node.tasks',
  'task.inspect',
  'state.hash',
  'state.rows',
  'audit',
  'status',
  'nothing',
];
/** Tokens of subjects: what the server takes, and nobody expects. */
const oddTokens = [
  'x',
  'X',
  '@',
  '@t',
  '@T',
  'a-b',
  '__proto__',
  'constructor',
  '💥',
  '0',
  '-',
  'x'.repeat(260),
];

const token = (chance: Chance) => chance.pick(oddTokens);
const tokens = (chance: Chance, most: number) =>
  Array.from({ length: chance.between(1, most) }, () => token(chance)).join('.');
const known = (chance: Chance, ids: readonly string[]) =>
  ids.length > 0 && chance.happens(0.7) ? chance.pick(ids) : token(chance);
const json = (value: unknown) => JSON.stringify(value);

/** Answers that would be records, commands or orders to the server, if anybody sent them there. */
function reply(chance: Chance, { nodeIds }: Targets): string {
  return chance.pick([
    'muster.event.orchestrator.cluster.self',
    `muster.event.scheduler.node.${chance.pick([...nodeIds, 'x'])}`,
    'muster.intent.ana.service.apply.deputy',
    'muster.copy.scheduler.deputy',
    '$JS.API.STREAM.DELETE.MUSTER_LOG',
    `_INBOX.${chance.between(1, 1e6)}`,
  ]);
}

export const classes: Readonly<Record<string, Make>> = {
  intents(chance) {
    const verb = chance.pick(['apply', 'create', 'update', 'scale', 'remove', token(chance)]);
    const name = chance.pick(['h1', 'h2', 'h3', token(chance), '']);
    const subject = chance.happens(0.1)
      ? `muster.intent.${tokens(chance, 7)}`
      : `muster.intent.eve.service.${verb}${name === '' ? '' : `.${name}`}`;
    return { subject, payload: chance.happens(0.7) ? json(spoilSpec(chance)) : oddPayload(chance) };
  },

  'events of reducers'(chance, targets) {
    const writer = chance.pick(['orchestrator', 'allocator', 'scheduler', 'dispatcher'] as const);
    const kind = chance.pick(eventKinds);
    const ids = {
      node: targets.nodeIds,
      service: targets.serviceIds,
      network: [],
      cluster: ['self'],
      intent: [],
      quarantine: [],
      void: ['eve'],
    };
    const id = chance.happens(0.3) ? known(chance, ids[kind]) : `g${chance.between(1, 100_000)}`;
    const subject = `muster.event.${writer}.${kind}.${id}`;
    // A valid one of a version that nobody knows would halt everybody, and rightly.
    const payload = chance.happens(0.5)
      ? oddPayload(chance)
      : json({
          v: chance.happens(0.5) ? 1 : oddValue(chance),
          type: chance.happens(0.5) ? 'tasks.reported' : token(chance),
          writer: 'nobody',
          cause: 0,
          at: '2026-01-01T00:00:00Z',
          x: oddValue(chance),
        });
    return { subject: chance.happens(0.1) ? `muster.event.${tokens(chance, 6)}` : subject, payload };
  },

  'events of agents'(chance, { taskIds }) {
    const nodeId = `ghost${chance.between(1, 20)}`;
    const id = () => chance.pick([...taskIds, token(chance), `stray${chance.between(1, 1e6)}`]);
    const long = () => 'x'.repeat(chance.happens(0.0005) ? 300_000 : chance.between(0, 50));
    const labels = Object.fromEntries(oddKeys.map((key) => [key, long()]));
    const draft = chance.pick<EventDraft>([
      {
        type: 'node.joined',
        cause: 0,
        nodeId,
        session: 'x',
        description: describeNode(token(chance), { labels }),
      },
      {
        type: 'tasks.reported',
        cause: 0,
        nodeId,
        session: 'x',
        statuses: Array.from({ length: chance.between(1, 100) }, () => ({
          id: id(),
          state: chance.pick(['running', 'failed'] as const),
          err: long(),
          message: long(),
        })),
      },
    ]);
    const subject = `muster.event.agent.node.${nodeId}`;
    if (chance.happens(0.2)) return { subject, payload: oddPayload(chance) };
    try {
      return { subject, payload: composeEvent(draft, Date.now()).data };
    } catch {
      return { subject, payload: json({ v: 1, writer: 'agent', at: '2026-01-01T00:00:00Z', ...draft }) };
    }
  },

  copies(chance) {
    const who = chance.happens(0.9) ? `ghost${chance.between(1, 1_000)}` : tokens(chance, 3);
    const word = chance.pick(['hello', 'here', 'here', 'bye', 'x']);
    const title = chance.happens(0.05) ? 'x'.repeat(100_000) : 'a ghost';
    const reads = chance.pick(['1', '0', '-1', '999999999', 'x', '']);
    return { subject: `muster.copy.${chance.pick(roles)}.${who}`, payload: `${word} ${reads} ${title}` };
  },

  'words of agents'(chance, targets) {
    const nodeId = known(chance, targets.nodeIds);
    const taskId = known(chance, targets.taskIds);
    const subject = chance.pick([
      `muster.heartbeat.${nodeId}`,
      `muster.ping.${nodeId}`,
      `muster.told.${nodeId}.${taskId}`,
      `muster.follows.${nodeId}`,
      `muster.log.${nodeId}`,
      `muster.exec.${nodeId}`,
      `muster.network.${nodeId}`,
    ]);
    const request = {
      op: chance.pick(['read', 'more', 'stop', 'x']),
      taskId,
      stream: reply(chance, targets),
    };
    const payload = chance.happens(0.5)
      ? json({ ...request, follow: true, command: [oddValue(chance)] })
      : oddPayload(chance);
    // A heartbeat of another session than the agent's is believed to be another agent's, and looked into.
    return { subject, payload, reply: reply(chance, targets) };
  },

  commands(chance, targets) {
    const subject = `muster.command.${known(chance, targets.nodeIds)}.ghost${chance.between(1, 50)}`;
    return { subject, payload: oddPayload(chance) };
  },

  endpoints(chance) {
    const ghost = () => `ghost${chance.between(1, 50)}`;
    const subject = chance.pick([
      `muster.endpoints.network.${ghost()}`,
      `muster.endpoints.service.${ghost()}.${ghost()}`,
      `muster.endpoints.${ghost()}`,
    ]);
    return { subject, payload: oddPayload(chance) };
  },

  queries(chance, targets) {
    const name = chance.pick(queries);
    const odd = () =>
      chance.happens(0.5) ? oddValue(chance) : chance.pick(['h1', 'a\nb', 'x'.repeat(5_000)]);
    const request = {
      service: odd(),
      node: chance.happens(0.5) ? odd() : known(chance, targets.nodeIds),
      task: odd(),
      ...(chance.happens(0.3) && { team: odd() }),
      ...(chance.happens(0.3) && { about: odd() }),
      ...(chance.happens(0.3) && { cursor: odd() }),
      ...(chance.happens(0.3) && { limit: oddValue(chance) }),
      ...(chance.happens(0.3) && { at: chance.between(0, targets.head + 5) }),
      ...(chance.happens(0.05) && { minSeq: targets.head + 1e6 }),
    };
    const payload = chance.happens(0.9) ? json(request) : oddPayload(chance);
    return { subject: `muster.query.${name}`, payload, reply: reply(chance, targets) };
  },

  'questions to all'(chance, targets) {
    const subject = chance.pick([
      'muster.stats.control',
      'muster.stats.agent',
      '$SRV.PING',
      '$SRV.INFO',
      '$SRV.STATS',
      ...roles.map((role) => `$SRV.PING.muster-${role}`),
    ]);
    return { subject, payload: oddPayload(chance), reply: reply(chance, targets) };
  },
};
