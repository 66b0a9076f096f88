// Keeps the agent's picture of its engine right: watches for changes, and when changes may have been missed or the
// engine does not answer, waits until it does, then lists everything again. Does nothing to any task.
import { type Backend, BackendUnavailableError, type RunState } from '@muster/backends';
import type { Clock, Logger, Timer } from '@muster/runtime';
import { backOff, describeError, pause, StoppedError } from './patience.ts';
import type { Expected } from './picture.ts';

type Description = Awaited<ReturnType<Backend['describe']>>;

export interface EngineLinkOptions {
  readonly backend: Backend;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly onChange: (run: RunState) => void;
  /** The picture can't be trusted from here on, until `onPicture`. */
  readonly onLost: () => void;
  /** Before the engine is asked for all it has. What is returned is handed to `onPicture`. */
  readonly onListing: () => Expected;
  readonly onPicture: (picture: Picture) => void;
}

/** All that the engine has. */
export interface Picture {
  readonly runs: readonly RunState[];
  readonly expected: Expected;
  /** Of an engine that was away. */
  readonly description?: Description;
}

export interface EngineLink {
  /** Resolves with the first picture. Throws only StoppedError. */
  connect(): Promise<Description>;
  /** A call found the engine away. */
  lose(error: Error): void;
  /** Takes another picture of an engine that is there: what it did not tell is found. */
  compare(): Promise<void>;
  /** Since when it is away, ms since the epoch; undefined when it is there. */
  readonly lostSince: number | undefined;
  stop(): Promise<void>;
}

/** An engine that hangs breaks no connection: it is asked whether it is there. */
const PING_EVERY_MS = 2_000;
const RETRY = { firstMs: 1_000, mostMs: 10_000 };
/** An engine lost again so soon has not really been back. */
const STEADY_MS = 30_000;

export function createEngineLink(options: EngineLinkOptions): EngineLink {
  const { backend, clock, logger, signal, onChange, onLost, onListing, onPicture } = options;
  let watching: { stop(): Promise<void> } | undefined;
  /** Rises whenever a picture is begun: news of an older watch is no news. */
  let epoch = 0;
  let lostSince: number | undefined = clock.now();
  let pictureAt = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let pinging: Timer | undefined;

  function lose(error: Error): void {
    // A picture is being taken already: it will be taken until one succeeds.
    if (signal.aborted || lostSince !== undefined) return;
    logger.warn(
      { err: describeError(error) },
      'the engine does not answer: tasks keep their state until it does',
    );
    lostSince = clock.now();
    if (clock.now() - pictureAt > STEADY_MS) failures = 0;
    onLost();
    connect().catch((reason) => {
      if (!(reason instanceof StoppedError)) throw reason;
    });
  }

  async function connect(): Promise<Description> {
    for (;;) {
      if (failures > 0) await pause(clock, backOff(RETRY, failures), signal);
      if (signal.aborted) throw new StoppedError();
      failures += 1;
      try {
        return await tryOnce();
      } catch (error) {
        if (signal.aborted) {
          await watching?.stop();
          throw new StoppedError();
        }
        logger.warn({ err: describeError(error), failures }, 'the engine can not be reached');
      }
    }
  }

  async function tryOnce(): Promise<Description> {
    epoch += 1;
    const own = epoch;
    let missed: Error | undefined;
    /** News that comes while the picture is being taken: the picture may be older. */
    let early: RunState[] | undefined = [];
    const before = watching;
    watching = undefined;
    await before?.stop();
    const description = await backend.describe();
    watching = await backend.watch({
      onChange(run) {
        if (own !== epoch || signal.aborted) return;
        if (early) early.push(run);
        else onChange(run);
      },
      onLost(error) {
        if (own !== epoch) return;
        missed = error;
        lose(error);
      },
    });
    const expected = onListing();
    const runs = await backend.list();
    if (missed) throw missed;
    if (signal.aborted) throw new StoppedError();
    if (lostSince !== undefined && epoch > 1) logger.info({ tasks: runs.length }, 'the engine answers again');
    const news = early;
    early = undefined;
    lostSince = undefined;
    pictureAt = clock.now();
    onPicture({ runs, expected, description });
    for (const run of news) onChange(run);
    if (backend.ping) pinging ??= clock.schedule(PING_EVERY_MS, ping);
    return description;
  }

  function ping(): void {
    askWhetherThere()
      .catch((error) =>
        logger.debug({ err: describeError(error) }, 'the engine answered a ping with an error'),
      )
      .finally(() => {
        if (!signal.aborted) pinging = clock.schedule(PING_EVERY_MS, ping);
      });
  }

  async function askWhetherThere(): Promise<void> {
    if (lostSince !== undefined || signal.aborted) return;
    const own = epoch;
    try {
      await backend.ping?.();
    } catch (error) {
      if (!(error instanceof BackendUnavailableError)) throw error;
      if (own === epoch) lose(error);
    }
  }

  async function compare(): Promise<void> {
    if (lostSince !== undefined || signal.aborted) return;
    const own = epoch;
    const expected = onListing();
    try {
      const runs = await backend.list();
      if (own === epoch && lostSince === undefined && !signal.aborted) onPicture({ runs, expected });
    } catch (error) {
      if (own !== epoch) return;
      if (error instanceof BackendUnavailableError) lose(error);
      else logger.warn({ err: describeError(error) }, 'the engine could not list what it has');
    }
  }

  return {
    connect,
    lose,
    compare,
    get lostSince() {
      return lostSince;
    },
    async stop() {
      epoch += 1;
      pinging?.cancel();
      await watching?.stop();
    },
  };
}
