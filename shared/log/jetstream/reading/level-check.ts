// Whether a follower stands still while the log goes on. A consumer on a replica that stands still itself (for more than a
// minute, after a partition) stops without an error, and its heartbeats go on: only the stream's leader knows better. Whoever
// has read more than the leader has is to look again as well: its end may be lost.
import type { JetStreamManager, StreamInfo } from '@nats-io/jetstream';
import { isStreamMissing } from '../server/streams.ts';
import { ANSWER_MS, answerWithin, isPassing } from '../writing/retrying.ts';
import { believed } from './read-check.ts';
import type { Silence } from './silence.ts';

const EVERY_MS = 800;
/** Seen at the same place twice, this far apart, and the log at another: nothing is on its way any more. */
const STUCK_MS = 700;

export interface LevelCheckOptions {
  readonly jsm: JetStreamManager;
  readonly stream: string;
  readonly silence: Silence;
  /** The last sequence received; undefined while it is no wonder that nothing comes. */
  readonly position: () => number | undefined;
  readonly onInfo: (info: StreamInfo) => void;
  /** Nothing comes though the stream goes on, or is gone. */
  readonly onStuck: () => void;
  readonly onLevel: () => void;
}

export interface LevelCheck {
  /** For how long nobody has told where the stream ends, in ms. */
  measureSilenceMs(): number;
  stop(): void;
}

/** For who follows every record of a stream. */
export function checkLevel({
  jsm,
  stream,
  silence,
  position,
  onInfo,
  onStuck,
  onLevel,
}: LevelCheckOptions): LevelCheck {
  let stopped = false;
  let toldAt = performance.now();
  let seen: { readonly at: number; readonly since: number } | undefined;
  let timer = setTimeout(look, EVERY_MS);

  async function look(): Promise<void> {
    const at = position();
    if (at === undefined) {
      seen = undefined;
      // Nobody was asked.
      toldAt = performance.now();
      silence.noteAnswered();
    } else {
      const end = await findEnd();
      if (stopped) return;
      judge(at, end);
    }
    timer = setTimeout(look, EVERY_MS);
  }

  /** Undefined while nobody can tell. */
  async function findEnd(): Promise<number | 'gone' | undefined> {
    silence.noteAsked();
    try {
      const info = believed(await answerWithin(ANSWER_MS, jsm.streams.info(stream)));
      toldAt = performance.now();
      silence.noteAnswered();
      if (!stopped) onInfo(info);
      return info.state.last_seq;
    } catch (error) {
      if (!isPassing(error)) silence.noteAnswered();
      return isStreamMissing(error) ? 'gone' : undefined;
    }
  }

  function judge(at: number, end: number | 'gone' | undefined): void {
    const now = performance.now();
    if (at === end) onLevel();
    if (end === 'gone') onStuck();
    else if (end === undefined || position() !== at || at === end) seen = undefined;
    else if (seen?.at !== at) seen = { at, since: now };
    else if (now - seen.since >= STUCK_MS) {
      seen = undefined;
      onStuck();
    }
  }

  return {
    measureSilenceMs: () => performance.now() - toldAt,
    stop() {
      stopped = true;
      clearTimeout(timer);
      silence.noteAnswered();
    },
  };
}
