// The loop around every reducer: fold, decide, append, fold what was appended, decide again. One round at a time;
// losing a compare-and-set is normal and means: fold what won, and decide again.

import { composeEvent, type EventDraft, UnreadableEventError } from '@muster/events';
import { type AppendResult, type Log, LogUnavailableError } from '@muster/log';
import { ownValue, setOwn } from '@muster/model';
import { type Clock, type Timer, waitAtMost } from '../clock.ts';
import type { Follower } from '../following/follower.ts';
import { adviseHalt } from '../following/halt-words.ts';
import type { Logger } from '../logging.ts';
import type { Presence } from '../sharing/presence.ts';
import { BACKOFF_MS, createHeldBack, growingBackoff } from './held-back.ts';
import { createLostTraces } from './lost-traces.ts';
import { noticeEverything } from './notice-everything.ts';
import type { Decision, Reducer } from './reducer.ts';

export interface ReducerLoopOptions {
  readonly reducer: Reducer;
  readonly follower: Follower;
  readonly log: Log;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Our place among the copies: left while nothing can be decided here. */
  readonly presence?: Pick<Presence, 'takePart' | 'answerWith'> | undefined;
}

export interface ReducerLoopStats {
  rounds: number;
  decisions: number;
  conflicts: number;
  failures: number;
  /** Decisions that could not have been read back, and so were not stored: a bug, by the type of the event. */
  readonly unreadable: Record<string, number>;
}

export interface ReducerLoop {
  readonly stats: Readonly<ReducerLoopStats>;
  /** Looks again now: something outside the log (a heartbeat) changed. */
  wake(): void;
  /** Ends after the round under way. */
  stop(): Promise<void>;
}

interface Message {
  readonly subject: string;
  readonly event: EventDraft;
  readonly data: Uint8Array;
  readonly expect: number;
}

export function runReducer(options: ReducerLoopOptions): ReducerLoop {
  const { reducer, follower, log, clock, logger, presence } = options;
  const stats: ReducerLoopStats = { rounds: 0, decisions: 0, conflicts: 0, failures: 0, unreadable: {} };
  let stopping = false;
  let endWaits: (() => void) | undefined;
  const stopped = new Promise<void>((resolve) => {
    endWaits = resolve;
  });
  let dirty = true;
  /** The head that the reducer was last told the consequences of. */
  let noticed = follower.state.head;
  let saidHalted = false;
  let timer: Timer | undefined;
  let round: Promise<void> | undefined;
  /** Rounds in a row in which the reducer itself failed. */
  let breakdowns = 0;
  const heldBack = createHeldBack({ clock, logger });
  const lostTraces = createLostTraces(log);

  presence?.answerWith(() => ({ seq: follower.state.head, queued: countQueued(reducer) }));
  const beginning = noticeEverything(reducer, follower.state, clock);
  const subscriptions: (() => void)[] = [
    follower.onTurn((state, changes) => {
      reducer.notice(state, changes);
      noticed = state.head;
      wake();
    }),
    follower.onEvent((state, fact) => {
      if (fact.address.writer === reducer.name) reducer.noteDecision?.(state, fact);
    }),
  ];

  function wake(): void {
    dirty = true;
    if (stopping || round) return;
    round = runRounds().finally(() => {
      round = undefined;
      if (dirty) wake();
    });
  }

  async function runRounds(): Promise<void> {
    while (dirty && !stopping) {
      dirty = false;
      // Woken in the middle of a turn: what it knows is older than what it would expect. It is about to be told.
      if (follower.state.head !== noticed) return;
      // What was folded last may be lost; we are told when the log has been found again.
      if (!follower.isCertain) {
        presence?.takePart(false);
        return;
      }
      timer?.cancel();
      try {
        const messages = composeAll(decide());
        if (messages.length > 0) {
          const reached = await appendAll(messages);
          presence?.takePart(reached);
          dirty = true;
        } else {
          presence?.takePart(!saidHalted);
          lostTraces.forget();
          sleepUntilNextWake();
        }
        breakdowns = 0;
      } catch (error) {
        await recover(error);
      }
    }
  }

  /** A bug in a reducer: what it would decide is not lost, and other copies may know better. */
  async function recover(error: unknown): Promise<void> {
    stats.failures += 1;
    breakdowns += 1;
    dirty = true;
    const backoffMs = growingBackoff(breakdowns);
    // One that breaks down once has other work that it can do.
    if (breakdowns > 1) presence?.takePart(false);
    logger.error({ err: error, reducer: reducer.name, backoffMs }, 'could not decide');
    await waitAtMost(clock, backoffMs, stopped);
  }

  function decide(): readonly Decision[] {
    const { halted } = follower.state;
    if (halted !== undefined) {
      if (!saidHalted) {
        const facts = { ...halted.record, reason: halted.reason, advice: adviseHalt(halted) };
        logger.error(facts, 'halted on a record that this copy does not understand: it decides nothing');
      }
      saidHalted = true;
      return [];
    }
    return reducer.decide(follower.state, clock.now());
  }

  function composeAll(decisions: readonly Decision[]): Message[] {
    const messages: Message[] = [];
    for (const decision of decisions) {
      const message = compose(decision);
      if (message) messages.push(message);
    }
    return messages;
  }

  /** Undefined while it is held back. */
  function compose({ event, expect: known }: Decision): Message | undefined {
    const now = clock.now();
    const { head, digest, wireVersion } = follower.state;
    try {
      const { subject, data } = composeEvent(event, now, { read: { seq: head, digest }, wire: wireVersion });
      const expect = lostTraces.expected(subject, known);
      if (heldBack.isHeldBack(subject, now)) return undefined;
      if (heldBack.isInVain(subject, event, expect)) {
        stats.failures += 1;
        return undefined;
      }
      logger.debug({ subject, type: event.type, cause: event.cause, expect }, 'deciding');
      return { subject, event, data, expect };
    } catch (error) {
      if (!(error instanceof UnreadableEventError)) throw error;
      if (!heldBack.isHeldBack(error.subject, now)) {
        setOwn(stats.unreadable, error.type, (ownValue(stats.unreadable, error.type) ?? 0) + 1);
        heldBack.hold(error.subject, error);
      }
      return undefined;
    }
  }

  function sleepUntilNextWake(): void {
    const now = clock.now();
    const times = [reducer.nextWake(), heldBack.nextTry(now)].map((at) => at ?? Number.POSITIVE_INFINITY);
    const at = Math.min(...times);
    if (at < Number.POSITIVE_INFINITY) timer = clock.schedule(Math.max(1, at - now), wake);
  }

  /** False when the log could not be reached. */
  async function appendAll(messages: readonly Message[]): Promise<boolean> {
    stats.rounds += 1;
    const before = follower.state.head;
    const results = await Promise.allSettled(messages.map(appendOne));
    heldBack.beginRound();
    let furthest = 0;
    let failed = false;
    const unexplained: string[] = [];
    for (const [index, result] of results.entries()) {
      const { subject, event } = messages[index]!;
      if (result.status === 'rejected') {
        stats.failures += 1;
        if (result.reason instanceof LogUnavailableError) failed = true;
        else heldBack.hold(subject, result.reason);
        continue;
      }
      if (result.value.ok) {
        const { seq } = result.value;
        stats.decisions += 1;
        furthest = Math.max(furthest, seq);
        heldBack.noteStored(subject, event, seq);
        continue;
      }
      const { actual } = result.value;
      stats.conflicts += 1;
      if (actual === undefined) unexplained.push(subject);
      else if (actual <= before) lostTraces.note(subject, actual);
      else furthest = Math.max(furthest, actual);
    }
    if (stopping) return false;
    await Promise.race([follower.waitFor(furthest).catch(() => undefined), stopped]);
    if (failed || follower.state.head === before) {
      await waitAtMost(clock, BACKOFF_MS, stopped);
      if (!failed) await Promise.race([lostTraces.recall(unexplained, before), stopped]);
    }
    return !failed;
  }

  function appendOne({ subject, data, expect }: Message): Promise<AppendResult> {
    return log.append(subject, data, { expectLastSubjectSeq: expect });
  }

  wake();
  return {
    stats,
    wake,
    async stop() {
      stopping = true;
      endWaits?.();
      timer?.cancel();
      beginning.stop();
      for (const unsubscribe of subscriptions) unsubscribe();
      await round;
    },
  };
}

/** What it has to see to itself. */
function countQueued({ backlog }: Reducer): number {
  const { held: _others, ...own } = backlog?.() ?? {};
  return Object.values(own).reduce((sum, count) => sum + count, 0);
}
