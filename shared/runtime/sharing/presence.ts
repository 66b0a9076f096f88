// Which copies of a role are there: each says so over the bus, once a second, and which wire version it reads. It is a
// hint for sharing work and may be wrong in any way: nothing is ever decided, and nothing left undone, because of it.
import { WIRE_VERSION } from '@muster/events';
import type { Bus } from '../bus/bus.ts';
import type { Clock, Timer } from '../clock.ts';
import { asideSubject, encodeWord, presenceSubject, readWord, type Word } from './words.ts';

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
  /** Every copy heard of lately but ourselves. */
  readonly others: ReadonlySet<string>;
  /** Called whenever somebody comes, goes, or is heard again. */
  onSign(listener: (copy: string, sign: 'came' | 'went' | 'stays') => void): void;
  /** Whether we take part: who can't decide should not be counted on. Who doesn't says aside that it is there. */
  takePart(able: boolean): void;
  stop(): void;
}

export const BEAT_MS = 1_000;
/** Who was not heard for so long is gone. */
export const GONE_AFTER_MS = 3_000;
/** More copies of one role than anybody has, and a longer name than any of ours: what is beyond that is not counted. */
const MAX_OTHERS = 100;
const MAX_NAME_LENGTH = 100;

export function startPresence(options: PresenceOptions): Presence {
  const { bus, clock, role, copy, title = copy, reads = WIRE_VERSION } = options;
  const heardAt = new Map<string, number>();
  const others = new Set<string>();
  const listeners = new Set<Parameters<Presence['onSign']>[0]>();
  const idFrom = presenceSubject(role, '').length;
  let { able = true } = options;
  let stopped = false;
  let lastBeat = clock.now();
  let timer: Timer;

  /** Aside, too, what others write is folded: they must know what can be read here. */
  function say(word: Word, subjectOf = able ? presenceSubject : asideSubject): void {
    bus.publish(subjectOf(role, copy), encodeWord({ word, reads, title }));
  }

  function tell(other: string, sign: 'came' | 'went' | 'stays'): void {
    for (const listener of listeners) listener(other, sign);
  }

  const subscription = bus.subscribe(presenceSubject(role, '*'), ({ subject, data }) => {
    const other = subject.slice(idFrom);
    if (other === copy || other.length > MAX_NAME_LENGTH) return;
    const { word } = readWord(data);
    if (word === 'bye') {
      forget(other);
      return;
    }
    const isNew = !others.has(other);
    if (isNew && others.size >= MAX_OTHERS) return;
    heardAt.set(other, clock.now());
    others.add(other);
    tell(other, isNew ? 'came' : 'stays');
    if (word === 'hello' && able) say('here');
  });

  function forget(other: string): void {
    heardAt.delete(other);
    if (others.delete(other)) tell(other, 'went');
  }

  function beat(): void {
    const now = clock.now();
    // Who has slept, or was given another time of day, knows nothing of the others' silence.
    const knows = now >= lastBeat && now - lastBeat < GONE_AFTER_MS / 2;
    lastBeat = now;
    for (const [other, at] of heardAt) {
      if (!knows) heardAt.set(other, now);
      else if (now - at > GONE_AFTER_MS) forget(other);
    }
    say('here');
    timer = clock.schedule(BEAT_MS, beat);
  }

  say(able ? 'hello' : 'here');
  timer = clock.schedule(BEAT_MS, beat);
  return {
    copy,
    others,
    onSign(listener) {
      listeners.add(listener);
    },
    takePart(isAble) {
      if (able === isAble || stopped) return;
      able = isAble;
      if (!able) say('bye', presenceSubject);
      say(able ? 'hello' : 'here');
    },
    stop() {
      if (stopped) return;
      timer.cancel();
      subscription.stop();
      say('bye');
      stopped = true;
    },
  };
}
