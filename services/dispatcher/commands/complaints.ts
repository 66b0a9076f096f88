// Says in the program's own log that commands fail, and does not fill it: what fails by the thousand is said once, with one
// of them as an example, and again after longer and longer.
import type { Logger } from '@muster/runtime';
import { growingWait } from './held-commands.ts';

export interface Complaint {
  readonly taskId: string;
  readonly nodeId: string | undefined;
  readonly error: unknown;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 10 * 60_000;

export interface Complaints {
  note(complaint: Complaint, now: number): void;
  /** Nothing fails any more: what fails next is said at once. */
  settle(): void;
}

export function createComplaints(logger: Logger): Complaints {
  let said = 0;
  let quietUntil = Number.NEGATIVE_INFINITY;
  let unsaid = 0;
  return {
    note({ taskId, nodeId, error }, now) {
      if (now < quietUntil) {
        unsaid += 1;
        return;
      }
      said += 1;
      quietUntil = now + growingWait(said, FIRST_WAIT_MS, LONGEST_WAIT_MS);
      logger.error(
        { err: error, task: taskId, node: nodeId, others: unsaid },
        'could not write a command: it is tried again',
      );
      unsaid = 0;
    },
    settle() {
      said = 0;
      quietUntil = Number.NEGATIVE_INFINITY;
      unsaid = 0;
    },
  };
}
