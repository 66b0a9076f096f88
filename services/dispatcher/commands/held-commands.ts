// Tasks whose command can't be made, or was refused by the store. Each is tried again, less and less often, and holds up
// no other. No I/O.
import { createDeadlines } from '@muster/runtime';

export interface HeldCommands {
  /** It failed once more. */
  hold(taskId: string, commandSeq: number, now: number): void;
  has(taskId: string): boolean;
  /** Whether there is no use in trying before its time: what is to be said of the task is the same. */
  isHeld(taskId: string, commandSeq: number, now: number): boolean;
  /** Its command was stored, or none is wanted. True when it was held. */
  release(taskId: string): boolean;
  /** Those whose time has come. They stay held until they are released. */
  takeDue(now: number): readonly string[];
  nextTry(): number | undefined;
  readonly size: number;
}

interface Held {
  /** Of the task, when it failed. */
  readonly commandSeq: number;
  readonly failures: number;
  readonly until: number;
}

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 60_000;

export function createHeldCommands(): HeldCommands {
  const held = new Map<string, Held>();
  const deadlines = createDeadlines();
  return {
    hold(taskId, commandSeq, now) {
      const known = held.get(taskId);
      const failures = known?.commandSeq === commandSeq ? known.failures + 1 : 1;
      const until = now + growingWait(failures, FIRST_WAIT_MS, LONGEST_WAIT_MS);
      held.set(taskId, { commandSeq, failures, until });
      deadlines.set(taskId, until);
    },
    has: (taskId) => held.has(taskId),
    isHeld(taskId, commandSeq, now) {
      const known = held.get(taskId);
      return known !== undefined && known.commandSeq === commandSeq && now < known.until;
    },
    release: (taskId) => held.delete(taskId),
    takeDue(now) {
      return deadlines.takeDue(now).filter((taskId) => {
        const known = held.get(taskId);
        if (known && known.until > now) deadlines.set(taskId, known.until);
        return known !== undefined && known.until <= now;
      });
    },
    nextTry: () => deadlines.next(),
    get size() {
      return held.size;
    },
  };
}

export function growingWait(failures: number, firstMs: number, longestMs: number): number {
  return Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 30));
}
