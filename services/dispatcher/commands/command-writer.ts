// Keeps the command store as the folded state says, and does as much work as there are changes. Another dispatcher
// does the same at the same time: the store's compare-and-set, and the basis of each command, say who was later.
import type { CommandRecord, CommandStore } from '@muster/log';
import {
  alone,
  type Clock,
  createWorkList,
  type Follower,
  type Logger,
  type Share,
  type Timer,
} from '@muster/runtime';
import { basisOf, type Changes, type ClusterState } from '@muster/state';
import type { Departures } from '../endpoints/departures.ts';
import { watchLag } from '../nodes/lag-watch.ts';
import { createCommandView } from './command-view.ts';
import { findCommands } from './find-commands.ts';
import { followStore } from './follow-store.ts';
import { readCommandHead } from './read-command-head.ts';
import { createRefusedCommands, type Refusal } from './refused-commands.ts';
import { createSending } from './send-commands.ts';
import { createStrays } from './strays.ts';
import { createTombstones } from './tombstones.ts';
import { createWorkQueue } from './work-queue.ts';

export interface CommandWriterOptions {
  readonly follower: Pick<Follower, 'state' | 'isCertain' | 'onTurn'>;
  readonly store: CommandStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Which nodes' commands are ours; all of them by default. */
  readonly share?: Share | undefined;
  /** Tasks whose commands are on their way at the same time. */
  readonly maxInFlight?: number;
  /** The store can no longer be followed: nothing is written from here on, and the process should end. */
  readonly onFailure?: (error: Error) => void;
  /** The store has a command that follows from the log's sequence `basis`. */
  readonly onWritten?: (basis: number) => void;
  /** The node can't be told of the task, and why; or no longer so, when there is no reason. */
  readonly onUndelivered?: (nodeId: string, taskId: string, reason: string | undefined) => void;
  /** Whether a task's node may be told yet that it is to stop, which is not for ever so; by default at once. */
  readonly departures?: Pick<Departures, 'mayStop' | 'forget'>;
}

export interface CommandWriterStats {
  written: number;
  conflicts: number;
  failures: number;
  /** Commands that the store refused, or that could not be made; each time. */
  refused: number;
  /** Tasks whose command was, and that wait to be tried again. */
  readonly waiting: number;
}

export interface CommandWriter {
  readonly stats: Readonly<CommandWriterStats>;
  /** Nothing on its way, and nothing known to be written. */
  isIdle(): boolean;
  /** Tasks to be looked at, and tasks with a command on its way. */
  backlog(): { readonly commands: number; readonly commandsInFlight: number };
  /** The highest basis of any command. */
  readonly newestBasis: number;
  /** There may be something to be said of these that was held back. */
  look(taskIds: readonly string[]): void;
  /** Nodes may have changed hands. */
  wake(): void;
  /** Ends when what is on its way has been answered; at once when the store is lost, as nobody will answer. */
  stop(): Promise<void>;
}

/** Fewer would wait for the server's answers, more would wait in its queues. */
const DEFAULT_MAX_IN_FLIGHT = 512;
/** Tasks looked at in one turn of the event loop while there is nothing to be written. */
const LOOKS_PER_TURN = 2_048;

/** Resolves when the store's commands are known and the first ones that were missing are on their way. */
export async function startCommandWriter(options: CommandWriterOptions): Promise<CommandWriter> {
  const {
    follower,
    store,
    clock,
    logger,
    share = alone,
    departures,
    maxInFlight = DEFAULT_MAX_IN_FLIGHT,
  } = options;
  const { state } = follower;
  const view = createCommandView();
  const strays = createStrays();
  const tombstones = createTombstones();
  const { find, isWanted, nodeOf, listAll } = findCommands(state, view, strays, departures);
  const stats: CommandWriterStats = {
    written: 0,
    conflicts: 0,
    failures: 0,
    refused: 0,
    get waiting() {
      return refused.size;
    },
  };
  /** Tasks to be looked at. */
  const dirty = createWorkQueue();
  /** Tasks with a command that another copy is to write. */
  const others = createWorkList({ share, keyOf: (taskId) => nodeOf(taskId) ?? taskId });
  const refused = createRefusedCommands({
    clock,
    logger,
    commandSeqOf: (taskId) => state.tasks.get(taskId)?.commandSeq ?? 0,
    onDue(taskIds) {
      for (const id of taskIds) mark(id);
      pump();
    },
    onUndelivered: (...what) => options.onUndelivered?.(...what),
  });
  const sending = createSending({
    store,
    clock,
    view,
    stats,
    onStored({ taskId, nodeId, command: { type, basis } }, seq) {
      options.onWritten?.(basis - basisOf(state, 0));
      note(taskId, { nodeId, seq, basis, forget: type === 'forget' });
    },
    onRefused: ({ taskId, nodeId, command }, error) =>
      refuse({ taskId, nodeId, forget: command.type === 'forget', error }),
    onDone(taskId, isAnswered, lookAgain) {
      if (isAnswered) refused.settle(taskId);
      if (lookAgain) mark(taskId);
      // Half of them together cost less than one by one: the client and the server write and read them at once.
      if (sending.size <= maxInFlight / 2) pump();
    },
    onResume: pump,
  });
  let patience: Timer | undefined;
  /** What is to be looked at once, at the start; undefined when it has been. */
  let backlog: Iterator<string> | undefined;
  let resting: Timer | undefined;
  let active = false;
  let failed = false;
  let countedFrom = basisOf(state, 0);
  const lag = watchLag(state, view, { clock, logger });

  function mark(taskId: string): void {
    if (sending.has(taskId)) {
      sending.lookAgain(taskId);
      return;
    }
    const nodeId = nodeOf(taskId);
    // Nobody has it, nobody had it: there is nobody to be told.
    if (nodeId !== undefined) dirty.add(taskId, nodeId);
    else {
      refused.settle(taskId);
      departures?.forget(taskId);
    }
  }

  function refuse(refusal: Refusal): void {
    stats.refused += 1;
    refused.note(refusal);
  }

  function pump(): void {
    const isReady = active && !sending.isPaused && follower.isCertain && state.halted === undefined;
    if (!isReady || lag.isBehind()) return;
    // What we could not write either, nobody lets lie.
    others.wake(clock.now(), (id) => !sending.has(id) && !refused.has(id) && isWanted(id));
    writeSome();
    const at = others.nextWake();
    if (at !== undefined) patience ??= clock.schedule(Math.max(1, at - clock.now()), beImpatient);
  }

  function beImpatient(): void {
    patience = undefined;
    pump();
  }

  function writeSome(): void {
    for (const { taskId, nodeId, seq } of tombstones.takeExpired(clock.now())) {
      view.drop(taskId, nodeId, seq);
      mark(taskId);
    }
    for (let looks = 0; sending.size < maxInFlight; looks += 1) {
      if (looks === LOOKS_PER_TURN) {
        resting ??= clock.schedule(0, goOn);
        return;
      }
      const overdue = others.take();
      const taskId = overdue ?? dirty.take() ?? takeBacklog();
      if (taskId === undefined) return;
      if (sending.has(taskId)) sending.lookAgain(taskId);
      else write(taskId, overdue !== undefined);
    }
  }

  function write(taskId: string, isOverdue: boolean): void {
    const isRefused = refused.has(taskId);
    if (isRefused && refused.isTooEarly(taskId)) return;
    const puts = find(taskId, (error) => refuse({ taskId, nodeId: nodeOf(taskId), error }));
    if (puts?.length === 0 && isRefused) refused.settle(taskId);
    if (!puts || puts.length === 0) return;
    if (!isOverdue && !isRefused && share.ahead(puts[0]!.nodeId) !== '') others.add(taskId);
    else sending.send(taskId, puts);
  }

  function goOn(): void {
    resting = undefined;
    pump();
  }

  function takeBacklog(): string | undefined {
    const next = backlog?.next();
    if (next?.done) backlog = undefined;
    return next?.value;
  }

  function note(taskId: string, entry: Parameters<typeof view.note>[1]): void {
    view.note(taskId, entry);
    if (entry.forget) tombstones.add({ taskId, nodeId: entry.nodeId, seq: entry.seq }, clock.now());
  }

  function readCommand({ nodeId, taskId, seq, data }: CommandRecord): void {
    // Our own come back as well: they are known since they were acknowledged.
    if (view.seqOf(taskId, nodeId) === seq) return;
    // The state's id, where it has one: a million of them need not be there twice.
    const id = state.tasks.get(taskId)?.id ?? taskId;
    note(id, { nodeId, seq, ...readCommandHead(data) });
    if (!active) return;
    share.noteDecision(nodeId);
    others.noteDecision(id);
    mark(id);
    pump();
  }

  function readTurn(_state: ClusterState, changes: Changes): void {
    for (const id of changes.tasks) mark(id);
    for (const nodeId of changes.nodes) {
      for (const id of strays.update(state, nodeId)) mark(id);
      // What had ended there has not changed, and is to be forgotten there all the same.
      for (const id of state.removedNodes.get(nodeId)?.tasks.keys() ?? []) mark(id);
    }
    if (basisOf(state, 0) > countedFrom) {
      // Some of the commands follow from what the log has lost: all of them are written anew.
      countedFrom = basisOf(state, 0);
      backlog = listAll();
    }
    pump();
  }

  function markStrays(): void {
    for (const nodeId of state.nodes.keys()) for (const id of strays.update(state, nodeId)) mark(id);
  }

  function fail(error: Error): void {
    active = false;
    failed = true;
    logger.error({ err: error }, 'can no longer follow the commands');
    options.onFailure?.(error);
  }

  const following = await followStore(store, {
    onCommand: readCommand,
    onError: (error) => active && fail(error),
  });
  active = true;
  backlog = listAll();
  markStrays();
  const unsubscribe = follower.onTurn(readTurn);
  pump();

  return {
    stats,
    get newestBasis() {
      return view.newestBasis;
    },
    look(taskIds) {
      for (const id of taskIds) mark(id);
      pump();
    },
    wake: pump,
    isIdle: () =>
      !backlog && dirty.size + sending.size + sending.again + others.size + others.held + refused.size === 0,
    backlog: () => ({
      commands: dirty.size + sending.again + others.size,
      commandsInFlight: sending.size,
    }),
    async stop() {
      active = false;
      unsubscribe();
      sending.stop();
      resting?.cancel();
      patience?.cancel();
      lag.stop();
      refused.stop();
      await following.stop();
      if (!failed) await sending.answered();
    },
  };
}
