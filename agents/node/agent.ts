// The agent of one node, from top to bottom: recall, picture, join, heartbeat, commands; then whatever changes is
// carried to the backend and to the log. It wires; what it decides is in next-step.ts.
import { isDeepStrictEqual } from 'node:util';
import { WIRE_VERSION } from '@muster/events';
import type { NodeDescription } from '@muster/model';
import type { Logger } from '@muster/runtime';
import type { Agent, AgentHealth, AgentOptions } from './agent-options.ts';
import { watchClusterVersion } from './cluster-version.ts';
import { createCommandSet } from './command-set.ts';
import { createEngineLink } from './engine-link.ts';
import { serveExecRequests } from './exec-requests.ts';
import { followCommands } from './follow-commands.ts';
import { type Heartbeat, startHeartbeat } from './heartbeat.ts';
import { serveLogStreams } from './log-streams.ts';
import { createOwnEvents, DisplacedError } from './own-events.ts';
import { describeError, promise, StoppedError, waitAtMost } from './patience.ts';
import { listExpected, seePicture } from './picture.ts';
import { createProgress, loadProgress, mergeProgress, noProgress, type Remembered } from './progress.ts';
import { createReporter } from './reporter.ts';
import type { AgentStorage } from './storage.ts';
import { recallEntry, seeRun, statusOf, type TaskEntry } from './task-entry.ts';
import { createTaskRunner } from './task-runner.ts';

const DEFAULT_HEARTBEAT_MS = 5_000;
const DEFAULT_CONCURRENCY = 16;
/** How long `stop` waits for the backend, and then for the log. */
const STOP_LIMIT_MS = 5_000;
/** An engine may be away so long, as when it restarts, before the node falls silent. */
export const ENGINE_GRACE_MS = 30_000;

/** Resolves before the node has joined, as soon as the agent can be stopped. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { nodeId, clusterName, backend, log, bus, clock, logger, labels, session } = options;
  if (!/^[^\s.*>]+$/.test(nodeId)) throw new Error(`"${nodeId}" can't be the id of a node`);
  const { storage } = options;
  const remembered = storage && (await recallProgress(storage, logger));
  const life = new AbortController();
  const { signal } = life;
  const whenEnded = promise<Error | undefined>();
  const whenReady = promise<void>();
  // Nobody has to look.
  whenReady.promise.catch(() => undefined);
  let state: AgentHealth['state'] = 'starting';
  let joined: NodeDescription | undefined;
  let nodeHostname = '';
  let clusterId: string | undefined;
  let heartbeat: Heartbeat | undefined;
  let hasCommands = false;
  const closers: (() => void)[] = [];

  const entries = new Map<string, TaskEntry>();
  const version = watchClusterVersion({ log, bus, logger });
  closers.push(version.stop);
  const own = createOwnEvents({
    log,
    clock,
    logger,
    signal,
    nodeId,
    session,
    lastSeq: remembered?.lastSeq ?? 0,
    version,
  });
  const reporter = createReporter({ own, clock, logger, nodeId, session, onEnd: end });
  const progress = storage
    ? createProgress({
        storage,
        clock,
        logger,
        signal,
        tasks: remembered?.tasks ?? [],
        lastSeq: () => own.lastSeq,
      })
    : noProgress;
  const runner = createTaskRunner({
    backend,
    clock,
    logger,
    progress,
    reporter,
    entries,
    maxConcurrentStarts: options.maxConcurrentStarts ?? DEFAULT_CONCURRENCY,
    maxConcurrentStops: options.maxConcurrentStops ?? DEFAULT_CONCURRENCY,
    onUnavailable: (error) => link.lose(error),
    onForgotten: (entry) => commandSet.noteForgotten(entry),
  });
  const commandSet = createCommandSet({
    entries,
    logger,
    node: () => ({ clusterId, clusterName, nodeId, nodeHostname }),
    onWanted: runner.redirect,
    onRefused: runner.refuse,
    onUnaware: (entry) => reporter.report(statusOf(entry), { urgent: true }),
  });
  const link = createEngineLink({
    backend,
    clock,
    logger,
    signal,
    onChange(run) {
      const entry = entries.get(run.taskId);
      if (!entry) return;
      seeRun(entry, run);
      runner.advance(entry);
    },
    onLost: runner.suspend,
    onListing: () => listExpected(entries),
    onPicture(runs, expected, description) {
      seePicture(entries, runs, expected);
      nodeHostname = description.hostname;
      if (joined) void join({ ...description, labels: { ...labels } });
      if (hasCommands) runner.resume();
    },
  });

  async function live(): Promise<void> {
    const recalled = options.isNew ? [] : await own.recall();
    for (const status of mergeProgress(remembered?.tasks ?? [], recalled)) {
      entries.set(status.id, recallEntry(status));
      progress.remember(status);
    }
    const description = await link.connect();
    await join({ ...description, labels: { ...labels } });
    if (signal.aborted) return;
    heartbeat = startHeartbeat({
      bus,
      clock,
      nodeId,
      session,
      heartbeatMs: options.heartbeatMs ?? DEFAULT_HEARTBEAT_MS,
      random: options.random,
      isFit: () => clock.now() - (link.lostSince ?? clock.now()) < ENGINE_GRACE_MS,
      onStranger: () => void own.verify().catch(endIfDisplaced),
    });
    closers.push(heartbeat.stop);
    closers.push(serveLogStreams({ backend, bus, clock, logger, nodeId }).stop);
    closers.push(serveExecRequests({ backend, bus, logger, nodeId }).stop);
    followCommands({
      commands: options.commands,
      nodeId,
      clock,
      logger,
      signal,
      onCommand: commandSet.accept,
      onCaughtUp: act,
    });
  }

  /** Appends the description, unless it is what the cluster has. */
  async function join(description: NodeDescription): Promise<void> {
    if (isDeepStrictEqual(description, joined)) return;
    joined = description;
    logger.info({ description }, 'the node joins');
    const reads = WIRE_VERSION;
    await own.write({ type: 'node.joined', cause: 0, nodeId, session, description, reads }).catch(end);
  }

  /** All that is wanted is known for the first time, or once more. */
  function act(): void {
    if (hasCommands) return;
    hasCommands = true;
    if (link.lostSince === undefined) runner.resume();
    // What was found on the node is reported once, whatever it is: the cluster says if it does not know it.
    for (const entry of entries.values()) {
      if (entry.reported || entry.reached === 'assigned') continue;
      entry.reported = true;
      reporter.report(statusOf(entry), { urgent: true });
    }
    state = 'running';
    whenReady.resolve();
  }

  function endIfDisplaced(error: unknown): void {
    if (error instanceof DisplacedError) end(error);
  }

  function end(reason?: unknown): void {
    if (signal.aborted) return;
    const isStop = reason === undefined || reason instanceof StoppedError;
    const error = isStop ? undefined : reason instanceof Error ? reason : new Error(String(reason));
    if (error) logger.error({ err: error.message }, 'the agent ends');
    state = 'ended';
    life.abort();
    void runner.stop();
    for (const close of closers) close();
    link
      .stop()
      .catch((failure) => logger.debug({ err: describeError(failure) }, 'the watch did not end well'));
    whenReady.reject(error ?? new StoppedError());
    whenEnded.resolve(error);
  }

  bus.onConnection((isConnected) => {
    if (!isConnected || signal.aborted) return;
    own.hurry();
    heartbeat?.beat();
  });
  logger.info({ tasks: remembered?.tasks.length ?? 0, session }, 'the agent starts');
  live().catch(end);

  return {
    nodeId,
    ready: whenReady.promise,
    ended: whenEnded.promise,
    health: () => ({
      state,
      engineLostSince: link.lostSince,
      isCutOff: own.isCutOff,
      tasks: entries.size,
      tasksByState: countByState(entries.values()),
      waitingReports: reporter.waiting,
      reports: reporter.stored,
      commands: commandSet.received,
      refusedCommands: commandSet.refused,
    }),
    async stop() {
      if (signal.aborted) return;
      heartbeat?.stop();
      await waitAtMost(clock, STOP_LIMIT_MS, runner.stop());
      await waitAtMost(clock, STOP_LIMIT_MS, Promise.all([reporter.flush(), progress.saved()]));
      end();
    },
    kill: () => end(),
  };
}

function countByState(entries: Iterable<TaskEntry>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { reached } of entries) counts[reached] = (counts[reached] ?? 0) + 1;
  return counts;
}

/** What is lost here is found in the node's own events. */
async function recallProgress(storage: AgentStorage, logger: Logger): Promise<Remembered | undefined> {
  try {
    return await loadProgress(storage);
  } catch (error) {
    logger.error(
      { err: describeError(error) },
      'the stored progress is unreadable: it is taken from the log',
    );
    return undefined;
  }
}
