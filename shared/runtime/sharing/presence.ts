// Which copies of a role are there: each says so over the bus, once a second. It is a hint for sharing work and may be
// wrong in any way: nothing is ever decided, and nothing left undone, because of it.
import type { Bus } from '../bus.ts';
import type { Clock, Timer } from '../clock.ts';

export interface PresenceOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly role: string;
  /** Ours alone, of all processes that ever were. */
  readonly copy: string;
  /** Whether we take part from the beginning; true by default. */
  readonly able?: boolean;
}

export interface Presence {
  readonly copy: string;
  /** Every copy heard of lately but ourselves. */
  readonly others: ReadonlySet<string>;
  /** Called whenever somebody comes, goes, or is heard again. */
  onSign(listener: (copy: string, sign: 'came' | 'went' | 'stays') => void): void;
  /** Whether we take part: who can't decide should not be counted on. */
  takePart(able: boolean): void;
  stop(): void;
}

export const BEAT_MS = 1_000;
/** Who was not heard for so long is gone. */
export const GONE_AFTER_MS = 3_000;

export function presenceSubject(role: string, copy: string): string {
  return `muster.copy.${role}.${copy}`;
}

/** A newcomer says hello, and is answered at once by everybody. */
type Word = 'hello' | 'here' | 'bye';

export function startPresence(options: PresenceOptions): Presence {
  const { bus, clock, role, copy } = options;
  const heardAt = new Map<string, number>();
  const others = new Set<string>();
  const listeners = new Set<Parameters<Presence['onSign']>[0]>();
  const idFrom = presenceSubject(role, '').length;
  let { able = true } = options;
  let stopped = false;
  let lastBeat = clock.now();
  let timer: Timer;

  function say(word: Word): void {
    bus.publish(presenceSubject(role, copy), new TextEncoder().encode(word));
  }

  function tell(other: string, sign: 'came' | 'went' | 'stays'): void {
    for (const listener of listeners) listener(other, sign);
  }

  const subscription = bus.subscribe(presenceSubject(role, '*'), ({ subject, data }) => {
    const other = subject.slice(idFrom);
    if (other === copy) return;
    const word = new TextDecoder().decode(data);
    if (word === 'bye') {
      forget(other);
      return;
    }
    heardAt.set(other, clock.now());
    const isNew = !others.has(other);
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
    if (able) say('here');
    timer = clock.schedule(BEAT_MS, beat);
  }

  if (able) say('hello');
  timer = clock.schedule(BEAT_MS, beat);
  return {
    copy,
    others,
    onSign: (listener) => void listeners.add(listener),
    takePart(isAble) {
      if (able === isAble || stopped) return;
      able = isAble;
      say(able ? 'hello' : 'bye');
    },
    stop() {
      timer.cancel();
      subscription.stop();
      if (able) say('bye');
      stopped = true;
    },
  };
}
