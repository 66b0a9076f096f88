// Every metric of ours.
import { foldMetrics } from './fold-metrics.ts';
import { counter, each, flag, type Metric, one, type Sample } from './metric.ts';
import { namesMetrics } from './names-metrics.ts';
import { networkMetrics } from './network-metrics.ts';
import type { ConnectionReading, RoleReading } from './observed.ts';
import { workloadMetrics } from './workload-metrics.ts';

const decisions: readonly Metric[] = [
  counter('muster_rounds_total', 'Rounds that had something to decide.', ({ loop }) => loop?.rounds),
  counter('muster_decisions_total', 'Decisions that the log took.', ({ loop }) => loop?.decisions),
  counter(
    'muster_conflicts_total',
    'Decisions that lost their compare-and-set: another copy was faster.',
    ({ loop }) => loop?.conflicts,
  ),
  {
    name: 'muster_astray_decisions_total',
    help: 'Events of the whole log, by any copy, that were void because their writer had read another log.',
    type: 'counter',
    merge: 'most',
    read: ({ fold: seen }) => one(seen?.astray),
  },
  {
    name: 'muster_void_decisions_total',
    help: 'Events of the whole log, by any copy, that came second and changed nothing.',
    type: 'counter',
    merge: 'most',
    read: ({ fold: seen }) => one(seen?.voided),
  },
  counter(
    'muster_failures_total',
    'Rounds that broke down, and decisions that the log could not take.',
    ({ loop }) => loop?.failures,
  ),
  {
    name: 'muster_unreadable_decisions_total',
    help: 'Decisions held back because nobody could have read them: a bug, by the type of the event.',
    type: 'counter',
    labels: ['type'],
    read: ({ loop }) => each('type', loop?.unreadable),
  },
  {
    name: 'muster_decide_duration_seconds',
    help: 'How long it took to decide, once; nothing else happens in the process meanwhile.',
    type: 'histogram',
    read: ({ measures }) => measures.decides,
  },
  {
    name: 'muster_append_duration_seconds',
    help: 'From sending a decision or a report until the log said that it has it, or has not.',
    type: 'histogram',
    read: ({ measures }) => measures.appends,
  },
  {
    name: 'muster_queue_length',
    help: 'What waits, by queue.',
    type: 'gauge',
    labels: ['queue'],
    read: ({ backlog }) => each('queue', backlog),
  },
];

const commands: readonly Metric[] = [
  counter('muster_commands_written_total', 'Commands stored.', (r) => r.commands?.written),
  counter(
    'muster_command_conflicts_total',
    'Commands that another dispatcher had stored before.',
    (r) => r.commands?.conflicts,
  ),
  counter('muster_command_failures_total', 'Commands that could not be stored.', (r) => r.commands?.failures),
  counter(
    'muster_command_refusals_total',
    'Commands that the store refused for good, or that could not be made, counted at each try.',
    (r) => r.commands?.refused,
  ),
  {
    name: 'muster_commands_waiting',
    help: 'Tasks whose node can not be told of them: their command was refused, and is tried again from time to time.',
    type: 'gauge',
    read: ({ commands: seen }) => one(seen?.waiting),
  },
  {
    name: 'muster_command_latency_seconds',
    help: 'From the time of an event in the log until the command that follows from it was stored.',
    type: 'histogram',
    read: ({ measures }) => measures.commands,
  },
  {
    name: 'muster_query_duration_seconds',
    help: 'How long the API took to answer a query.',
    type: 'histogram',
    read: ({ measures }) => measures.queries,
  },
];

const snapshots: readonly Metric[] = [
  {
    name: 'muster_snapshots_total',
    help: 'Snapshots taken, by what became of them.',
    type: 'counter',
    labels: ['result'],
    read: ({ role, measures: { snapshots: seen } }) =>
      role === 'orchestrator' ? each('result', { stored: seen.stored, failed: seen.failed }) : [],
  },
  {
    name: 'muster_snapshot_sequence',
    help: 'Sequence of the last snapshot taken.',
    type: 'gauge',
    merge: 'most',
    read: ({ measures }) => one(measures.snapshots.last?.seq),
  },
  {
    name: 'muster_snapshot_size_bytes',
    help: 'Size of the last snapshot taken.',
    type: 'gauge',
    merge: 'most',
    read: ({ measures }) => one(measures.snapshots.last?.bytes),
  },
  {
    name: 'muster_snapshot_duration_seconds',
    help: 'How long the last snapshot took to be written and stored.',
    type: 'gauge',
    merge: 'most',
    read: ({ measures: { snapshots: seen } }) => one(seen.last && seen.last.durationMs / 1000),
  },
  {
    name: 'muster_ladder_pending_records',
    help: 'Records that this copy is still to fold for snapshots that are missing, after a change of the fold; 0 when it builds none.',
    type: 'gauge',
    read: ({ role, measures }) => (role === 'orchestrator' ? one(measures.snapshots.pending) : []),
  },
];

const writes: readonly Metric[] = [
  {
    name: 'muster_store_refusing',
    help: '1 while a stream takes nothing that this process is to store: it is full, or does not answer.',
    type: 'gauge',
    merge: 'most',
    labels: ['stream'],
    read: ({ connection: seen }) =>
      (seen?.writes ?? []).map(
        ({ stream, refusing }): Sample => [Number(refusing !== undefined), { stream }],
      ),
  },
  {
    name: 'muster_store_no_room_total',
    help: 'Records that NATS had no room for, counted at each try.',
    type: 'counter',
    labels: ['stream'],
    read: ({ connection: seen }) =>
      (seen?.writes ?? []).map(({ stream, noRoom }): Sample => [noRoom, { stream }]),
  },
];

const perStream =
  (value: (consumer: ConnectionReading['consumers'][number]) => number) => (reading: RoleReading) =>
    (reading.connection?.consumers ?? []).map(
      (consumer): Sample => [value(consumer), { stream: consumer.stream }],
    );

const connection: readonly Metric[] = [
  {
    name: 'muster_consumer_pending_messages',
    help: 'Messages of a followed stream that were still to come when the last one came.',
    type: 'gauge',
    merge: 'most',
    labels: ['stream'],
    read: perStream(({ pending }) => pending),
  },
  {
    name: 'muster_consumer_late_seconds',
    help: 'For how long something has been in the log that has not come to this follower yet.',
    type: 'gauge',
    merge: 'most',
    labels: ['stream'],
    read: perStream(({ measureLateMs }) => measureLateMs() / 1000),
  },
  {
    name: 'muster_consumer_restarts_total',
    help: 'Times that following a stream had to be taken up again: messages were missing, or nothing was heard.',
    type: 'counter',
    labels: ['stream'],
    read: perStream(({ restarts }) => restarts),
  },
  {
    name: 'muster_consumer_flow_controls_total',
    help: 'Times that the server asked whether this follower keeps up.',
    type: 'counter',
    labels: ['stream'],
    read: perStream(({ flowControls }) => flowControls),
  },
  {
    name: 'muster_consumer_stalls_total',
    help: 'Times that the server was found waiting for this follower: it is slow.',
    type: 'counter',
    labels: ['stream'],
    read: perStream(({ stalls }) => stalls),
  },
  {
    name: 'muster_nats_connected',
    help: '1 while the connection to NATS is up.',
    type: 'gauge',
    merge: 'least',
    read: (reading) => flag(reading.connection?.connected),
  },
  {
    name: 'muster_clock_ahead_seconds',
    help: "How far the machine's clock is ahead of the log's, by which everything is decided.",
    type: 'gauge',
    merge: 'most',
    read: ({ connection: seen }) => one(seen?.clock && seen.clock.aheadMs / 1000),
  },
  {
    name: 'muster_log_clock_leap_seconds',
    help: "How far the clock of the log's server has leapt away from what is gone by; 0 once that is believed.",
    type: 'gauge',
    merge: 'most',
    read: ({ connection: seen }) => one(seen?.clock && seen.clock.leapMs / 1000),
  },
  counter('muster_nats_disconnects_total', 'Connections to NATS lost.', (r) => r.connection?.disconnects),
  counter('muster_nats_reconnects_total', 'Connections to NATS made again.', (r) => r.connection?.reconnects),
  counter(
    'muster_nats_slow_consumers_total',
    'Times that NATS called this process a slow consumer.',
    (r) => r.connection?.slowConsumers,
  ),
  counter('muster_nats_errors_total', 'Errors that NATS reported.', (r) => r.connection?.errors),
  {
    name: 'muster_nats_messages_total',
    help: 'Messages exchanged with NATS.',
    type: 'counter',
    labels: ['direction'],
    read: ({ connection: seen }) => each('direction', seen && { in: seen.messagesIn, out: seen.messagesOut }),
  },
  {
    name: 'muster_nats_bytes_total',
    help: 'Bytes exchanged with NATS.',
    type: 'counter',
    labels: ['direction'],
    read: ({ connection: seen }) => each('direction', seen && { in: seen.bytesIn, out: seen.bytesOut }),
  },
];

const agent: readonly Metric[] = [
  {
    name: 'muster_agent_nodes',
    help: 'Nodes that this process is the agent of, by the state of the agent.',
    type: 'gauge',
    labels: ['state'],
    read: ({ agent: seen }) => (seen ? each('state', { [seen.state]: seen.nodes ?? 1 }) : []),
  },
  {
    name: 'muster_agent_tasks',
    help: 'Tasks of the node, by how far they have got.',
    type: 'gauge',
    labels: ['state'],
    read: ({ agent: seen }) => each('state', seen?.tasks),
  },
  counter('muster_agent_reports_total', 'Statuses of tasks that the log has taken.', (r) => r.agent?.reports),
  counter('muster_agent_started_tasks_total', 'Tasks that were started.', (r) => r.agent?.started),
  counter('muster_agent_failed_tasks_total', 'Tasks that failed or were rejected.', (r) => r.agent?.failed),
  counter(
    'muster_agent_pulled_images_total',
    'Images that were pulled; missing where the backend has none.',
    (r) => r.agent?.imagesPulled,
  ),
  counter('muster_agent_commands_total', 'Commands received.', (r) => r.agent?.commands),
  counter(
    'muster_agent_commands_refused_total',
    'Commands that could not be understood.',
    (r) => r.agent?.refusedCommands,
  ),
  counter(
    'muster_agent_odd_statuses_total',
    'Statuses in which a value was left out that the log could not have given back.',
    (r) => r.agent?.oddStatuses,
  ),
  {
    name: 'muster_agent_engine_lost',
    help: 'Nodes whose engine does not answer.',
    type: 'gauge',
    read: ({ agent: seen }) => flag(seen && seen.engineTrouble !== undefined),
  },
  {
    name: 'muster_agent_cut_off',
    help: 'Nodes whose reports the log does not take.',
    type: 'gauge',
    read: ({ agent: seen }) => flag(seen?.cutOff),
  },
];

export const metrics: readonly Metric[] = [
  ...workloadMetrics,
  ...foldMetrics,
  ...decisions,
  ...commands,
  ...snapshots,
  ...writes,
  ...connection,
  ...agent,
  ...networkMetrics,
  ...namesMetrics,
];
