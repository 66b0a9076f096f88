// Answers every query, from the state it follows or from the log itself. It decides nothing and appends nothing.
import type { Log, SnapshotStore } from '@muster/log';
import { DEFAULT_TEAM } from '@muster/model';
import { type Clock, type Follower, type Logger, takeSteps } from '@muster/runtime';
import { captureState, hashRows, listRows } from '@muster/state';
import { readAudit } from './audit/audit.ts';
import { type Answer, answerQuery, refused, type StateQueryName } from './queries/answer.ts';
import { measurePage, pageByKey, sortable } from './queries/paging.ts';
import { type QueryName, type QueryReply, type QueryRequest, queries } from './queries/queries.ts';
import { AbandonedError, type Asker, BusyError, createHeavyReads, type Pace } from './replay/heavy-reads.ts';
import { createReplay } from './replay/replay.ts';

export interface ApiOptions {
  readonly follower: Follower;
  readonly log: Log;
  readonly clock: Clock;
  readonly logger: Logger;
  /** From where the past is folded; from the beginning when left out. */
  readonly snapshots?: SnapshotStore | undefined;
  /** Whether anybody listens on a subject, as far as can be told. */
  readonly isHeard?: ((subject: string) => Promise<boolean>) | undefined;
}

export interface Api {
  /** `payload` is the request's JSON; nothing at all means `{}`. Never throws for what was asked. */
  answer(name: QueryName, payload: Uint8Array): Promise<QueryReply>;
}

/** How long a query waits for the fold to reach what its sender wrote. */
const MIN_SEQ_WAIT_MS = 5_000;
/** How long a read of the log is waited for, where its sender does not say. */
const USUAL_WAIT_MS = 120_000;
/** Lists read from the log that are kept, so that their next pages need not be read again. */
const KEPT_LISTS = 4;

export function createApi({ follower, log, clock, logger, snapshots, isHeard }: ApiOptions): Api {
  const { state } = follower;
  const replay = createReplay({ log, clock, logger, snapshots });
  const heavyReads = createHeavyReads(clock);
  const lists = new Map<string, readonly unknown[]>();

  async function answer(name: QueryName, payload: Uint8Array): Promise<QueryReply> {
    const request = parseRequest(name, payload);
    if (!request.ok) return toReply(request);
    const { minSeq } = request.value;
    if (minSeq !== undefined && !(await reach(minSeq))) {
      const message = `this API has folded the log up to ${state.head}, and not ${minSeq}, in ${MIN_SEQ_WAIT_MS / 1000} seconds`;
      return { seq: state.head, error: { kind: 'timeout', message } };
    }
    try {
      return toReply(await dispatch(name, request.value));
    } catch (error) {
      if (!(error instanceof BusyError || error instanceof AbandonedError)) throw error;
      return { seq: state.head, error: { kind: 'timeout', message: error.message } };
    }
  }

  function dispatch(name: QueryName, request: object): Answer | Promise<Answer> {
    switch (name) {
      case 'audit':
        return answerAudit(request as QueryRequest<'audit'>);
      case 'state.rows':
        return answerRows(request as QueryRequest<'state.rows'>);
      case 'state.hash':
        return answerHash(request as QueryRequest<'state.hash'>);
      default:
        return answerQuery(state, name as StateQueryName, request as never, measurePage(log.maxRecordBytes));
    }
  }

  function askerOf({
    waitMs = USUAL_WAIT_MS,
    whileHeard,
  }: Pick<QueryRequest<'audit'>, 'waitMs' | 'whileHeard'>): Asker {
    const canTell = isHeard !== undefined && whileHeard !== undefined;
    return { waitMs, isThere: canTell ? () => isHeard(whileHeard) : undefined };
  }

  async function answerAudit({
    about,
    team,
    cursor,
    limit,
    ...asker
  }: QueryRequest<'audit'>): Promise<Answer> {
    const [to = String(state.head)] = cursor?.split(':') ?? [];
    const key = `audit ${to} ${team ?? DEFAULT_TEAM} ${about ?? ''}`;
    let entries = lists.get(key);
    if (!entries) {
      const audit = await heavyReads.run(key, askerOf(asker), (pace) =>
        readAudit(paced(log, pace), state, about, team),
      );
      if (!audit.ok) return audit;
      entries = keep(key, audit.entries);
    }
    return page(entries, to, cursor, limit);
  }

  async function answerRows({ at, cursor, limit, ...asker }: QueryRequest<'state.rows'>): Promise<Answer> {
    // Later pages are of the same state as the first, whichever copy answers them.
    const [pinned] = cursor?.split(':') ?? [];
    if (pinned !== undefined && !(Number(pinned) <= state.head))
      return refused('invalid', `no page begins at ${cursor}`, 'cursor');
    const moment = pinned === undefined ? at : Number(pinned);
    const key = `rows ${pinned ?? ''}`;
    const rows = pinned === undefined ? undefined : lists.get(key);
    if (rows) return page(rows, pinned!, cursor, limit);
    return heavyReads.run(`rows ${moment} ${cursor} ${limit}`, askerOf(asker), async (pace) => {
      const then = await stateAt(moment, pace);
      if (!then.ok) return then;
      const { head } = then.state;
      return page(keep(`rows ${head}`, [...listRows(then.state)]), String(head), cursor, limit);
    });
  }

  function answerHash({ at, ...asker }: QueryRequest<'state.hash'>) {
    return heavyReads.run(
      `hash ${at ?? `now ${state.head}`}`,
      askerOf(asker),
      async (pace): Promise<Answer<'state.hash'>> => {
        const then = await stateAt(at, pace);
        if (!then.ok) return then;
        const { head, headTime } = then.state;
        const capture = captureState(then.state);
        try {
          const hash = await takeSteps(hashRows(capture.rows()), clock);
          return { ok: true, answer: { seq: head, time: headTime, hash } };
        } finally {
          capture.release();
        }
      },
    );
  }

  async function stateAt(at: number | string | undefined, pace: Pace) {
    if (at === undefined) return { ok: true, state } as const;
    if (typeof at === 'string')
      return { ok: true, state: await replay.stateAt({ time: Date.parse(at) }, pace) } as const;
    const head = await log.head();
    if (at > head) return refused('invalid', `the log ends at ${head}: there is no ${at} yet`, 'at');
    return { ok: true, state: await replay.stateAt({ seq: at }, pace) } as const;
  }

  function keep(key: string, list: readonly unknown[]): readonly unknown[] {
    lists.delete(key);
    lists.set(key, list);
    for (const oldest of lists.keys()) {
      if (lists.size <= KEPT_LISTS) break;
      lists.delete(oldest);
    }
    return list;
  }

  function page(
    list: readonly unknown[],
    pin: string,
    cursor: string | undefined,
    limit: number | undefined,
  ): Answer {
    const entries = list.map((of, index) => ({ key: `${pin}:${sortable(index)}`, of }));
    const { items, next } = pageByKey(
      entries,
      { cursor, limit },
      (item) => item,
      measurePage(log.maxRecordBytes),
    );
    return { ok: true, answer: items as never, next };
  }

  async function reach(seq: number): Promise<boolean> {
    if (seq <= state.head) return true;
    return new Promise((resolve) => {
      const timer = clock.schedule(MIN_SEQ_WAIT_MS, () => resolve(false));
      follower.waitFor(seq).then(
        () => {
          timer.cancel();
          resolve(true);
        },
        () => {
          timer.cancel();
          resolve(false);
        },
      );
    });
  }

  function toReply(result: Answer): QueryReply {
    if (!result.ok)
      return { seq: state.head, error: { kind: result.refusal.kind, message: result.refusal.message } };
    const { answer: found, next } = result;
    return { seq: state.head, answer: found, ...(next !== undefined && { next }) };
  }

  return { answer };
}

function paced(log: Log, pace: Pace): Pick<Log, 'read'> {
  return {
    async *read(options) {
      for await (const record of log.read(options)) {
        yield record;
        const pause = pace.rest();
        if (pause) await pause;
      }
    },
  };
}

function parseRequest(name: QueryName, payload: Uint8Array) {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(payload);
    const parsed = queries[name].request.safeParse(text.trim() === '' ? {} : JSON.parse(text));
    if (parsed.success) return { ok: true, value: parsed.data } as const;
    const issue = parsed.error.issues[0]!;
    return refused('invalid', `${issue.path.join('.') || 'request'}: ${issue.message}`);
  } catch (error) {
    return refused('invalid', `the request is not JSON: ${(error as Error).message}`);
  }
}
