// Which copies of a role are there: each says so over the bus, once a second, and which wire version it reads, and answers
// whoever asks. A word alone counts for nothing: who says that it is there is asked, and counts when it answers. It is a
// hint for sharing work and may be wrong in any way: nothing is ever decided, and nothing left undone, because of it.
import { WIRE_VERSION } from '@muster/events';
import type { Bus, BusSubscription } from '../bus/bus.ts';
import type { Clock, Timer } from '../clock.ts';
import { ask, type Sign } from './asking.ts';
import {
  asideSubject,
  askSubject,
  encodeStanding,
  encodeWord,
  presenceSubject,
  readWord,
  type Standing,
  type Word,
} from './words.ts';

export interface PresenceOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly role: string;
  /** Ours alone, of all processes that ever were. */
  readonly copy: string;
  /** Whether we take part from the beginning; true by default. */
  readonly able?: boolean;
  /** Who we are, for people: where `copy` runs. */
  readonly title?: string;
  /** The newest wire version that we read; this build's by default. */
  readonly reads?: number;
}

export interface Presence {
  readonly copy: string;
  /** Every copy but ourselves that was heard of lately and lives, as far as is known. */
  readonly others: ReadonlySet<string>;
  /** Called whenever somebody comes or goes. */
  onSign(listener: (copy: string, sign: 'came' | 'went') => void): void;
  /** Since when we have been awake all the time: who has slept knows nothing of what the others did meanwhile. */
  readonly awakeSince: number;
  /** Asks one of the others whether it lives. */
  ask(copy: string, patienceMs: number): Promise<Sign>;
  /** When it last answered; long ago where it never has. Later than an `ask` that was told silence where it is only slow. */
  answeredAt(copy: string): number;
  /** It has not answered: it is not counted on until it does. */
  miss(copy: string): void;
  /** Whether we take part: who can't decide should not be counted on. Who doesn't says aside that it is there. */
  takePart(able: boolean): void;
  /** What we say of ourselves when we are asked. */
  answerWith(standing: () => Standing): void;
  stop(): void;
}

export const BEAT_MS = 1_000;
/** Who was not heard for so long is asked. */
export const GONE_AFTER_MS = 3_000;
/** More copies of one role than anybody has, and a longer name than any of ours: what is beyond that is not counted. */
const MAX_OTHERS = 100;
const MAX_NAME_LENGTH = 100;
/** Whoever says that it is there is asked; so many in one beat. */
const MAX_STRANGERS_ASKED = 100;
const STRANGER_PATIENCE_MS = 1_000;
const LATE_BEAT_MS = 250;
/** In records: nobody is quite level while much happens. */
const NEARLY_LEVEL = 100;

export function startPresence(options: PresenceOptions): Presence {
  const { bus, clock, role, copy, title = copy, reads = WIRE_VERSION } = options;
  const heardAt = new Map<string, number>();
  const answeredAt = new Map<string, number>();
  const others = new Set<string>();
  const asked = new Set<string>();
  const listeners = new Set<Parameters<Presence['onSign']>[0]>();
  const idFrom = presenceSubject(role, '').length;
  let { able = true } = options;
  let standing = (): Standing => ({ seq: 0, queued: 0 });
  const underWay = new Set<() => void>();
  let stopped = false;
  let strangersAsked = 0;
  let lastBeat = clock.now();
  let awakeSince = lastBeat;
  let timer: Timer;
  let answering: BusSubscription | undefined;

  /** Aside, too, what others write is folded: they must know what can be read here. */
  function say(word: Word, subjectOf = able ? presenceSubject : asideSubject): void {
    bus.publish(subjectOf(role, copy), encodeWord({ word, reads, title }));
  }

  function tell(other: string, sign: 'came' | 'went'): void {
    for (const listener of listeners) listener(other, sign);
  }

  const hearing = bus.subscribe(presenceSubject(role, '*'), ({ subject, data }) => {
    const other = subject.slice(idFrom);
    if (other === copy || other.length > MAX_NAME_LENGTH) return;
    const { word } = readWord(data);
    if (word === 'bye') {
      miss(other);
      return;
    }
    if (others.has(other)) heardAt.set(other, clock.now());
    else getToKnow(other);
    if (word === 'hello' && able) say('here');
  });

  function getToKnow(stranger: string): void {
    if (asked.has(stranger) || others.size >= MAX_OTHERS || strangersAsked >= MAX_STRANGERS_ASKED) return;
    strangersAsked += 1;
    findOut(stranger).catch(ignore);
  }

  /** Whether it lives, which its word does not say, nor its silence. */
  async function findOut(other: string): Promise<void> {
    if (asked.has(other)) return;
    asked.add(other);
    const { seq } = standing();
    const sign = await askAnybody(other, STRANGER_PATIENCE_MS);
    asked.delete(other);
    // One that has slept, and reads what it has missed, is let in when it has.
    if (typeof sign === 'object') {
      if (others.has(other) || sign.seq >= seq - NEARLY_LEVEL) count(other);
    } else if (sign !== 'unclear') miss(other);
  }

  function askAnybody(other: string, patienceMs: number): Promise<Sign> {
    const subject = askSubject(role, other);
    return ask({ bus, clock, subject, patienceMs, underWay, onLate: () => count(other) });
  }

  function count(other: string): void {
    if (stopped || (others.size >= MAX_OTHERS && !others.has(other))) return;
    heardAt.set(other, clock.now());
    answeredAt.set(other, clock.now());
    if (others.has(other)) return;
    others.add(other);
    tell(other, 'came');
  }

  function miss(other: string): void {
    heardAt.delete(other);
    answeredAt.delete(other);
    if (others.delete(other)) tell(other, 'went');
  }

  function beat(): void {
    const now = clock.now();
    // Or was given another time of day.
    if (now < lastBeat || now - lastBeat > BEAT_MS + LATE_BEAT_MS) awakeSince = now;
    lastBeat = now;
    strangersAsked = 0;
    for (const [other, at] of heardAt)
      if (now - Math.max(at, awakeSince) > GONE_AFTER_MS) findOut(other).catch(ignore);
    say('here');
    timer = clock.schedule(BEAT_MS, beat);
  }

  function beAsked(): void {
    answering?.stop();
    answering = able
      ? bus.subscribe(askSubject(role, copy), ({ reply }) => {
          if (reply !== undefined) bus.publish(reply, encodeStanding(standing()));
        })
      : undefined;
  }

  beAsked();
  say(able ? 'hello' : 'here');
  timer = clock.schedule(BEAT_MS, beat);
  return {
    copy,
    others,
    get awakeSince() {
      return awakeSince;
    },
    onSign(listener) {
      listeners.add(listener);
    },
    ask: askAnybody,
    answeredAt: (other) => answeredAt.get(other) ?? Number.NEGATIVE_INFINITY,
    miss,
    takePart(isAble) {
      if (able === isAble || stopped) return;
      able = isAble;
      beAsked();
      if (!able) say('bye', presenceSubject);
      say(able ? 'hello' : 'here');
    },
    answerWith(tellStanding) {
      standing = tellStanding;
    },
    stop() {
      if (stopped) return;
      timer.cancel();
      hearing.stop();
      answering?.stop();
      say('bye');
      for (const abandon of underWay) abandon();
      stopped = true;
    },
  };
}

/** Asking never fails. */
function ignore(): void {}
