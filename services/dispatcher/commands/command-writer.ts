// Keeps the command store as the folded state says, and does as much work as there are changes. Another dispatcher
// does the same at the same time: the store's compare-and-set, and the basis of each command, say who was later.
import { encodeCommand } from '@muster/events';
import { type AppendResult, type CommandRecord, type CommandStore, LogUnavailableError } from '@muster/log';
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
import { type CommandPut, deriveCommands } from './derive-commands.ts';
import { followStore } from './follow-store.ts';
import { readCommandHead } from './read-command-head.ts';
import { createRefusedCommands, type Refusal } from './refused-commands.ts';
import { createStrays } from './strays.ts';
import { createTombstones, TOMBSTONE_TTL_MS } from './tombstones.ts';
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
const RETRY_AFTER_MS = 250;

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
  const stats: CommandWriterStats = {
    written: 0,
    conflicts: 0,
    failures: 0,
    refused: 0,
    get waiting() {
      return refused.size;
    },
  };
  /** Tasks to be looked at; those with a command on its way wait in `again` for the answer. */
  const dirty = createWorkQueue();
  const again = new Set<string>();
  const inFlight = new Map<string, Promise<void>>();
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
  let patience: Timer | undefined;
  /** What is to be looked at once, at the start; undefined when it has been. */
  let backlog: Iterator<string> | undefined;
  let resting: Timer | undefined;
  let active = false;
  let failed = false;
  let countedFrom = basisOf(state, 0);
  let pause: Timer | undefined;
  const lag = watchLag(state, view, { clock, logger });

  function mark(taskId: string): void {
    if (inFlight.has(taskId)) {
      again.add(taskId);
      return;
    }
    const nodeId = nodeOf(taskId);
    // Nobody has it, nobody had it: there is nobody to be told.
    if (nodeId !== undefined) dirty.add(taskId, nodeId);
    else settle(taskId);
  }

  function settle(taskId: string): void {
    refused.settle(taskId);
    departures?.forget(taskId);
  }

  function nodeOf(taskId: string): string | undefined {
    const nodeId = state.tasks.get(taskId)?.node?.id ?? view.entriesOf(taskId)[0]?.nodeId;
    if (nodeId !== undefined) return nodeId;
    const [stray] = strays.nodesOf(taskId).keys();
    return stray;
  }

  /** What we could not write either, nobody lets lie. */
  function isWanted(taskId: string): boolean {
    if (inFlight.has(taskId) || refused.has(taskId)) return false;
    try {
      return listDue(taskId).length > 0;
    } catch {
      return true;
    }
  }

  /** Without a word to stop that comes too early. */
  function listDue(taskId: string): readonly CommandPut[] {
    const puts = deriveCommands(state, view, strays, taskId);
    if (!departures) return puts;
    if (puts.length === 0) departures.forget(taskId);
    return puts.filter(({ command }) => !isStop(command) || departures.mayStop(state.tasks.get(taskId)!));
  }

  /** A bug of ours that one task meets must not keep the others from their commands. */
  function derive(taskId: string): readonly CommandPut[] | undefined {
    try {
      return listDue(taskId);
    } catch (error) {
      refuse({ taskId, nodeId: nodeOf(taskId), error });
      return undefined;
    }
  }

  function refuse(refusal: Refusal): void {
    stats.refused += 1;
    refused.note(refusal);
  }

  function pump(): void {
    if (!active || pause || !follower.isCertain || state.halted !== undefined || lag.isBehind()) return;
    others.wake(clock.now(), isWanted);
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
    for (let looks = 0; inFlight.size < maxInFlight; looks += 1) {
      if (looks === LOOKS_PER_TURN) {
        resting ??= clock.schedule(0, goOn);
        return;
      }
      const overdue = others.take();
      const taskId = overdue ?? dirty.take() ?? takeBacklog();
      if (taskId === undefined) return;
      if (inFlight.has(taskId)) {
        again.add(taskId);
        continue;
      }
      const isRefused = refused.has(taskId);
      if (isRefused && refused.isTooEarly(taskId)) continue;
      const puts = derive(taskId);
      if (puts?.length === 0 && isRefused) refused.settle(taskId);
      if (!puts || puts.length === 0) continue;
      if (overdue === undefined && !isRefused && share.ahead(puts[0]!.nodeId) !== '') others.add(taskId);
      else inFlight.set(taskId, putAll(taskId, puts));
    }
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

  /** Every task that has a command, or should: most of them twice, but a look is cheap, and each of them is one. */
  function* listBacklog(): Generator<string, undefined> {
    for (const id of state.tasks.keys()) yield id;
    for (const id of view.taskIds()) yield id;
    return undefined;
  }

  async function putAll(taskId: string, puts: readonly CommandPut[]): Promise<void> {
    const outcomes = await Promise.all(puts.map(putOne));
    inFlight.delete(taskId);
    if (refused.has(taskId) && outcomes.every((outcome) => outcome === 'answered')) refused.settle(taskId);
    if (again.delete(taskId)) mark(taskId);
    // Half of them together cost less than one by one: the client and the server write and read them at once.
    if (inFlight.size <= maxInFlight / 2) pump();
  }

  async function putOne(put: CommandPut): Promise<'answered' | 'failed'> {
    const { nodeId, taskId, command, expectLastSeq } = put;
    const forget = command.type === 'forget';
    try {
      const result = await store.put(nodeId, taskId, encodeCommand(command), {
        expectLastSeq,
        ...(forget && { ttlMs: TOMBSTONE_TTL_MS }),
      });
      if (result.ok) {
        stats.written += 1;
        options.onWritten?.(command.basis - basisOf(state, 0));
        note(taskId, { nodeId, seq: result.seq, basis: command.basis, forget });
      } else {
        stats.conflicts += 1;
        learnFrom(result, put);
      }
      return 'answered';
    } catch (error) {
      stats.failures += 1;
      if (error instanceof LogUnavailableError) waitBeforeRetrying(taskId);
      else refuse({ taskId, nodeId, forget, error });
      return 'failed';
    }
  }

  /** As a rule the view is told of the command that won, and that marks the task. A tombstone goes untold. */
  function learnFrom({ actual }: Extract<AppendResult, { ok: false }>, put: CommandPut): void {
    const { taskId, nodeId, expectLastSeq } = put;
    const entry = view.entryOf(taskId, nodeId);
    if (entry && (actual === 0 || (actual === undefined && entry.forget))) {
      view.drop(taskId, nodeId, expectLastSeq);
    }
    if (view.seqOf(taskId, nodeId) !== expectLastSeq) again.add(taskId);
  }

  function waitBeforeRetrying(taskId: string): void {
    again.add(taskId);
    pause ??= clock.schedule(RETRY_AFTER_MS, () => {
      pause = undefined;
      pump();
    });
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
      backlog = listBacklog();
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
  backlog = listBacklog();
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
      !backlog && dirty.size + inFlight.size + again.size + others.size + others.held + refused.size === 0,
    backlog: () => ({ commands: dirty.size + again.size + others.size, commandsInFlight: inFlight.size }),
    async stop() {
      active = false;
      unsubscribe();
      pause?.cancel();
      resting?.cancel();
      patience?.cancel();
      lag.stop();
      refused.stop();
      await following.stop();
      if (!failed) await Promise.all(inFlight.values());
    },
  };
}

function isStop(command: CommandPut['command']): boolean {
  return command.type === 'task' && (command.desired === 'shutdown' || command.desired === 'remove');
}
