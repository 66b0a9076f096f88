// The agent of one node, from top to bottom: recall, picture, join, heartbeat, commands; then whatever changes is
// carried to the backend and to the log. It wires; what it decides is in next-step.ts.
import type { TaskStatus } from '@muster/events';
import type { NodeDescription } from '@muster/model';
import { createSparingLogger, type Timer, waitAtMost } from '@muster/runtime';
import type { Agent, AgentHealth, AgentOptions } from './agent-options.ts';
import { type ClusterKnown, followClusterRecord } from './commands/cluster-record.ts';
import { createCommandSet } from './commands/command-set.ts';
import { followCommands } from './commands/follow-commands.ts';
import { joinNetworks } from './networks/join-networks.ts';
import { type Heartbeat, startHeartbeat } from './reports/heartbeat.ts';
import { createJoining } from './reports/joining.ts';
import { createOwnEvents, DisplacedError } from './reports/own-events.ts';
import { createProgress, mergeProgress, noProgress } from './reports/progress.ts';
import { keepOwn, recallProgress } from './reports/recall-progress.ts';
import { NodeRemovedError, type Removal, watchRemoval } from './reports/removal.ts';
import { createReporter } from './reports/reporter.ts';
import { serveExecRequests } from './streams/exec-requests.ts';
import { serveLogStreams } from './streams/log-streams.ts';
import { createEngineLink } from './tasks/engine-link.ts';
import { hasEnded } from './tasks/next-step.ts';
import { describeError, promise, StoppedError } from './tasks/patience.ts';
import { isForeign, listExpected, seePicture } from './tasks/picture.ts';
import { recallEntry, seeRun, statusOf, type TaskEntry } from './tasks/task-entry.ts';
import { createTaskRunner } from './tasks/task-runner.ts';

const DEFAULT_HEARTBEAT_MS = 5_000;
const DEFAULT_CONCURRENCY = 16;
/** How long `stop` waits for the backend, and then for the log. */
const STOP_LIMIT_MS = 5_000;
/** An engine may be away so long, as when it restarts, before the node falls silent. */
export const ENGINE_GRACE_MS = 30_000;
/** How often all that is here is compared with what was told: now and then, after a reconnection, where something is stuck. */
const COMPARE_EVERY_MS = 120_000;
const COMPARE_SOON_MS = 2_000;
const LOOK_AGAIN_MS = 10_000;

/** Resolves before the node has joined, as soon as the agent can be stopped. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { nodeId, clusterName, backend, log, bus, clock, logger, labels, session } = options;
  const sparing = createSparingLogger(logger, clock);
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
  let nodeHostname = '';
  let cluster: ClusterKnown = { id: undefined, wire: 1 };
  let heartbeat: Heartbeat | undefined;
  let removal: Removal | undefined;
  let isRemoved = false;
  let hasCommands = false;
  let comparison: Timer | undefined;
  const closers: (() => void)[] = [];

  const entries = new Map<string, TaskEntry>();
  const own = createOwnEvents({
    log,
    clock,
    logger,
    signal,
    nodeId,
    session,
    wire: () => cluster.wire,
    onLost: tellAgain,
    onRoom() {
      if (hasCommands && link.lostSince === undefined) runner.resume();
    },
  });
  const record = options.clusterRecord ?? followClusterRecord({ log, bus, clock, logger, signal });
  const networks = joinNetworks({ options, entries, signal, onChange: describeAgain });
  const joining = createJoining({
    backend: networks.described,
    own,
    clock,
    logger,
    signal,
    nodeId,
    session,
    labels,
    wire: () => cluster.wire,
  });
  const reporter = createReporter({ own, log, clock, logger, nodeId, session, onEnd: end });
  const progress = storage
    ? createProgress({
        storage,
        clock,
        logger,
        signal,
        clusterId: () => cluster.id,
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
    mayBegin: () => !own.isFull,
    onUnavailable: (error) => link.lose(error),
    ...networks.hooks,
    onForgotten(entry) {
      networks.look();
      commandSet.noteForgotten(entry);
      endWhenEmpty();
    },
  });
  const commandSet = createCommandSet({
    entries,
    clock,
    logger: sparing,
    node: () => ({ clusterId: cluster.id, clusterName, nodeId, nodeHostname }),
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
    onLost() {
      runner.suspend();
      heartbeat?.beat();
    },
    onListing: () => listExpected(entries),
    onPicture({ runs, expected, description }) {
      const [ours, foreign] = [false, true].map((is) =>
        runs.filter((run) => isForeign(run, cluster.id) === is),
      );
      const [other] = foreign!;
      if (other)
        sparing.warn(
          { tasks: foreign!.length, task: other.taskId, cluster: other.clusterId },
          "another cluster's tasks are left alone",
        );
      seePicture(entries, ours!, expected);
      if (isRemoved) forgetAll();
      if (description) {
        heartbeat?.beat();
        nodeHostname = description.hostname;
        describeAgain(description);
      }
      if (!hasCommands) return;
      runner.resume();
      if (runs.some(({ status }) => status === 'unknown')) compareIn(LOOK_AGAIN_MS);
    },
  });

  function describeAgain(description: Omit<NodeDescription, 'labels'>): void {
    if (joining.hasJoined && !isRemoved) networks.describe(description).then(joining.join).catch(end);
  }

  async function live(): Promise<void> {
    cluster = await record.know();
    record.onChange(follow);
    const earlier = await keepOwn(remembered, { clusterId: cluster.id, storage, logger });
    const recalled = options.isNew ? [] : await own.recall(earlier?.lastSeq ?? 0);
    for (const status of mergeProgress(earlier?.tasks ?? [], recalled)) {
      entries.set(status.id, recallEntry(status));
      progress.remember(status);
    }
    const description = await link.connect();
    await joining.join(await networks.describe(description));
    if (signal.aborted) return;
    removal = watchRemoval({
      log,
      bus,
      clock,
      logger,
      signal,
      nodeId,
      since: own.lastSeq,
      onRemoved: leave,
    });
    heartbeat = startHeartbeat({
      bus,
      clock,
      nodeId,
      session,
      heartbeatMs: options.heartbeatMs ?? DEFAULT_HEARTBEAT_MS,
      random: options.random,
      isFit: () => clock.now() - (link.lostSince ?? clock.now()) < ENGINE_GRACE_MS,
      isEngineSilent: () => link.lostSince !== undefined,
      onStranger() {
        own.verify().catch(endIfDisplaced);
      },
    });
    closers.push(heartbeat.stop);
    closers.push(serveLogStreams({ backend, bus, clock, logger: sparing, nodeId }).stop);
    closers.push(serveExecRequests({ backend, bus, logger: sparing, nodeId }).stop);
    followCommands({
      commands: options.commands,
      nodeId,
      clock,
      logger,
      signal,
      onCommand: (record) => !isRemoved && commandSet.accept(record),
      onCaughtUp: act,
    });
  }

  /** A log changes its version, and never its cluster: one of another's is behind the same address. */
  function follow(known: ClusterKnown): void {
    const { id = known.id } = cluster;
    if (known.id !== undefined && known.id !== id) {
      end(
        new Error(
          `the log is no longer that of cluster ${id}, but of ${known.id}: the tasks of the one are not for the other`,
        ),
      );
      return;
    }
    cluster = { ...known, id };
    joining.complete().catch(end);
  }

  /** All that is wanted is known for the first time, or once more. */
  function act(): void {
    if (hasCommands) return;
    hasCommands = true;
    if (cluster.id !== undefined) networks.begin(cluster.id);
    if (link.lostSince === undefined) runner.resume();
    // What was found on the node is reported once, whatever it is: the cluster says if it does not know it.
    for (const entry of entries.values()) {
      if (entry.reported || entry.reached === 'assigned') continue;
      entry.reported = true;
      reporter.report(statusOf(entry), { urgent: true });
    }
    state = 'running';
    whenReady.resolve();
    compareIn(COMPARE_EVERY_MS);
  }

  /** What nobody told, the engine us or we the log, is found by looking. */
  function compareIn(delayMs: number): void {
    comparison?.cancel();
    comparison = clock.schedule(delayMs, () => {
      compareIn(COMPARE_EVERY_MS * (0.9 + 0.2 * options.random()));
      removal?.look();
      if (!own.isCutOff)
        own.check().catch((error) => logger.debug({ err: describeError(error) }, 'the log does not tell'));
      link
        .compare()
        .catch((error) =>
          logger.debug({ err: describeError(error) }, 'nothing was compared with the engine'),
        );
    });
  }

  /** The cluster has removed the node: what runs here runs elsewhere by now. It is ended, and then so is the agent. */
  function leave(): void {
    logger.warn({ tasks: entries.size }, 'the node was removed from the cluster: its tasks are ended');
    isRemoved = true;
    heartbeat?.stop();
    forgetAll();
    endWhenEmpty();
  }

  function forgetAll(): void {
    for (const entry of [...entries.values()]) {
      if (entry.wanted === 'forget') continue;
      entry.wanted = 'forget';
      entry.order = undefined;
      runner.redirect(entry);
    }
  }

  /** Who starts here next finds it told. */
  function endWhenEmpty(): void {
    if (!isRemoved || entries.size > 0) return;
    const last = [reporter.flush(), progress.saved(), networks.remove()];
    Promise.all(last).then(() => end(new NodeRemovedError(nodeId)), end);
  }

  /** The log has lost what it was told: it is told again. What it takes for running, and is not here, has failed. */
  function tellAgain(found: readonly TaskStatus[]): void {
    if (signal.aborted || isRemoved) return;
    joining.joinAgain().catch(end);
    commandSet.noteLost();
    for (const status of mergeProgress([], found)) {
      if (!entries.has(status.id) && !hasEnded(status.state)) entries.set(status.id, recallEntry(status));
    }
    for (const entry of [...entries.values()]) {
      if (entry.reached !== 'assigned') reporter.report(statusOf(entry), { urgent: true });
      runner.advance(entry);
    }
  }

  function endIfDisplaced(error: unknown): void {
    if (error instanceof DisplacedError) end(error);
  }

  function end(reason?: unknown): void {
    if (signal.aborted) return;
    const isStop = reason === undefined || reason instanceof StoppedError;
    const error = isStop ? undefined : reason instanceof Error ? reason : new Error(String(reason));
    if (error) logger.error({ err: error.message }, 'the agent ends');
    state = error instanceof NodeRemovedError ? 'removed' : 'ended';
    life.abort();
    runner
      .stop()
      .catch((failure) => logger.error({ err: describeError(failure) }, 'tasks did not stop well'));
    comparison?.cancel();
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
    if (hasCommands) compareIn(COMPARE_SOON_MS * options.random());
  });
  logger.info({ tasks: remembered?.tasks.length ?? 0, session }, 'the agent starts');
  live().catch(end);

  return {
    nodeId,
    isOurs: (run) => !isForeign(run, cluster.id),
    ready: whenReady.promise,
    ended: whenEnded.promise,
    health: () => ({
      state,
      engineLostSince: link.lostSince,
      engineLostWhy: link.lostWhy,
      isCutOff: own.isCutOff,
      tasks: entries.size,
      tasksByState: countByState(entries.values()),
      waitingReports: reporter.waiting,
      reports: reporter.stored,
      commands: commandSet.received,
      refusedCommands: commandSet.refused,
      oddStatuses: reporter.odd,
      started: runner.started,
      failed: runner.failed,
      imagesPulled: backend.imagesPulled,
    }),
    async stop() {
      if (signal.aborted) return;
      heartbeat?.stop();
      await waitAtMost(clock, STOP_LIMIT_MS, runner.stop());
      await waitAtMost(clock, STOP_LIMIT_MS, Promise.all([reporter.flush(), progress.saved()]));
      end();
    },
    removeNetworks: networks.remove,
    kill: () => end(),
  };
}

function countByState(entries: Iterable<TaskEntry>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { reached } of entries) counts[reached] = (counts[reached] ?? 0) + 1;
  return counts;
}
