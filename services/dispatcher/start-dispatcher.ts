// Wires the dispatcher: the reducer to its loop and to the heartbeats on the bus, the command writer to the fold.
// Decides nothing.
import { followsSchema, followsSubject, heartbeatSchema, heartbeatSubject } from '@muster/events';
import type { CommandStore, EndpointStore, Log } from '@muster/log';
import {
  type Bus,
  type Clock,
  catchUp,
  createShare,
  type Follower,
  type Logger,
  type Presence,
  type Reducer,
  type ReducerLoop,
  type ReducerLoopStats,
  runReducer,
  type Timer,
} from '@muster/runtime';
import {
  type CommandWriter,
  type CommandWriterStats,
  startCommandWriter,
} from './commands/command-writer.ts';
import { createDispatcher } from './dispatcher.ts';
import { createDepartures, type Departures } from './endpoints/departures.ts';
import { type EndpointWriter, startEndpointWriter } from './endpoints/endpoint-writer.ts';
import { watchOutlived } from './nodes/outlived.ts';
import { probeAgents } from './nodes/probe-agents.ts';

export interface StartDispatcherOptions {
  readonly follower: Follower;
  readonly log: Log;
  readonly commands: CommandStore;
  readonly endpoints: EndpointStore;
  readonly bus: Bus;
  /** Our place among the copies, that the work is shared with; stopped with the dispatcher. All is ours without it. */
  readonly presence?: Presence;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The same as the agents'. */
  readonly heartbeatMs: number;
  /** The commands can no longer be followed: the process should end and start anew. */
  readonly onFailure?: (error: Error) => void;
  /** The store has a command that follows from the log's sequence `basis`. */
  readonly onCommandWritten?: (basis: number) => void;
  /** Puts something around the reducer, to measure it. */
  readonly instrument?: (reducer: Reducer) => Reducer;
}

export interface RunningDispatcher {
  readonly stats: Readonly<ReducerLoopStats>;
  readonly commandStats: Readonly<CommandWriterStats>;
  /** What it has noticed and not seen to yet, counted by kind. */
  backlog(): Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

const NODE_ID_FROM = heartbeatSubject('').length;
const FOLLOWER_ID_FROM = followsSubject('').length;

export async function startDispatcher(options: StartDispatcherOptions): Promise<RunningDispatcher> {
  const { follower, log, commands, bus, presence, clock, logger, heartbeatMs, onFailure, onCommandWritten } =
    options;
  const { instrument = (reducer: Reducer) => reducer } = options;
  const sharing = { clock, beLevel: () => catchUp(log, follower), head: () => follower.state.head };
  const share = presence && createShare(presence, { ...sharing, onChange: () => loop?.wake() });
  const dispatcher = createDispatcher({ heartbeatMs, share, maxRecordBytes: () => log.maxRecordBytes });
  let loop: ReducerLoop | undefined;
  let writer: CommandWriter | undefined;
  let endpoints: EndpointWriter | undefined;
  let departures: Departures | undefined;
  endpoints = await startEndpointWriter({
    follower,
    share: presence && createShare(presence, { ...sharing, onChange: () => endpoints?.wake() }),
    store: options.endpoints,
    clock,
    logger,
    onFailure,
    onStored: () => departures?.look(),
  });
  departures = createDepartures({
    state: follower.state,
    clock,
    endpoints,
    onLeft: (taskIds) => writer?.look(taskIds),
  });
  const follows = bus.subscribe(followsSubject('*'), ({ subject, data }) => {
    const seq = readFollowed(data);
    if (seq !== undefined) departures.hear(subject.slice(FOLLOWER_ID_FROM), seq);
  });
  writer = await startCommandWriter({
    follower,
    share: presence && createShare(presence, { ...sharing, onChange: () => writer?.wake() }),
    store: commands,
    departures,
    clock,
    logger,
    ...(onFailure && { onFailure }),
    ...(onCommandWritten && { onWritten: onCommandWritten }),
    onUndelivered(nodeId, taskId, reason) {
      if (dispatcher.noteUndelivered(nodeId, taskId, reason, clock.now())) loop?.wake();
    },
  });
  const heartbeats = bus.subscribe(heartbeatSubject('*'), ({ subject, data }) => {
    if (dispatcher.hear(subject.slice(NODE_ID_FROM), clock.now(), isEngineSilent(data))) loop?.wake();
  });
  const echoes = listenToEchoes(bus, clock, dispatcher.echoEveryMs, (sentAt) => {
    if (dispatcher.echo(sentAt, clock.now())) loop?.wake();
  });
  const outlived = watchOutlived({
    follower,
    log,
    clock,
    newestBasis: () => Math.max(writer.newestBasis, endpoints.newestBasis),
    onOutlived(basis) {
      dispatcher.noteOutlived(basis);
      loop?.wake();
    },
    onError: (error) => logger.error({ err: error }, 'could not compare the commands with the log'),
  });
  const probes = probeAgents({
    state: follower.state,
    bus,
    clock,
    heartbeatMs,
    isOurs: (nodeId) => share === undefined || share.ahead(nodeId) === '',
    onGone: (nodeId) => noteAgent(nodeId, false),
    onBack: (nodeId) => noteAgent(nodeId, true),
    onError: (error) => logger.error({ err: error }, 'could not ask an agent'),
  });
  const noteAgent = (nodeId: string, isThere: boolean) => {
    dispatcher.noteAgent(nodeId, isThere, clock.now());
    loop?.wake();
  };
  presence?.takePart(true);
  const running = runReducer({ reducer: instrument(dispatcher), follower, log, clock, logger, presence });
  loop = running;
  return {
    stats: running.stats,
    commandStats: writer.stats,
    backlog: () => ({ ...dispatcher.backlog?.(), ...writer.backlog(), ...endpoints.backlog() }),
    async stop() {
      presence?.stop();
      outlived.stop();
      probes.stop();
      heartbeats.stop();
      echoes.stop();
      follows.stop();
      departures.stop();
      await Promise.all([running.stop(), writer.stop(), endpoints.stop()]);
    },
  };
}

function readFollowed(data: Uint8Array): number | undefined {
  try {
    return followsSchema.parse(JSON.parse(new TextDecoder().decode(data))).seq;
  } catch {
    return undefined;
  }
}

/** What says it in another way has said that it is there. */
function isEngineSilent(heartbeat: Uint8Array): boolean {
  try {
    return heartbeatSchema.parse(JSON.parse(new TextDecoder().decode(heartbeat))).engine === 'silent';
  } catch {
    return false;
  }
}

/** Sends ourselves the time over the bus, again and again (see hearing.ts). */
function listenToEchoes(
  bus: Bus,
  clock: Clock,
  everyMs: number,
  onEcho: (sentAt: number) => void,
): { stop(): void } {
  const subject = bus.inbox();
  const subscription = bus.subscribe(subject, ({ data }) => onEcho(Number(new TextDecoder().decode(data))));
  let timer: Timer;
  function send(): void {
    bus.publish(subject, new TextEncoder().encode(String(clock.now())));
    timer = clock.schedule(everyMs, send);
  }
  send();
  return {
    stop() {
      timer.cancel();
      subscription.stop();
    },
  };
}
