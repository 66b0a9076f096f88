// The way of each service with one task from intent to RUNNING, as the log tells it. All times are ms since the epoch:
// the log's own, but for the moment in which the intent was given away.
import { parseIntentSubject } from '@muster/events';
import type { LogRecord } from '@muster/log';
import { readEvent } from './observe.ts';

export interface Journey {
  readonly name: string;
  readonly team: string;
  readonly seq: number;
  readonly storedAt: number;
  /** Its first task. */
  taskId?: string;
  /** Accepted or refused. */
  verdictAt?: number;
  createdAt?: number;
  allocatedAt?: number;
  assignedAt?: number;
  runningAt?: number;
}

export interface Journeys {
  note(record: LogRecord): void;
  /** In log order. */
  readonly all: readonly Journey[];
  readonly byName: ReadonlyMap<string, Journey>;
  readonly counts: { verdicts: number; running: number };
}

export function createJourneys(): Journeys {
  const all: Journey[] = [];
  const byName = new Map<string, Journey>();
  const byIntent = new Map<number, Journey>();
  const byService = new Map<string, Journey>();
  const byTask = new Map<string, Journey>();
  const counts = { verdicts: 0, running: 0 };

  function begin({ subject, seq, time }: LogRecord): void {
    const { team, verb, name } = parseIntentSubject(subject)!;
    // An intent whose acknowledgement was lost is given once more: the first one counts.
    if (verb !== 'apply' || name === undefined || byName.has(name)) return;
    const journey: Journey = { name, team, seq, storedAt: time };
    all.push(journey);
    byName.set(name, journey);
    byIntent.set(seq, journey);
  }

  function judge(intent: number, time: number): Journey | undefined {
    const journey = byIntent.get(intent);
    if (journey && journey.verdictAt === undefined) {
      journey.verdictAt = time;
      counts.verdicts += 1;
    }
    return journey;
  }

  function note(record: LogRecord): void {
    const { subject, time } = record;
    if (subject.startsWith('muster.intent.')) {
      begin(record);
      return;
    }
    const event = readEvent(record);
    switch (event.type) {
      case 'service.created': {
        const journey = judge(event.cause, time);
        if (journey) byService.set(event.serviceId, journey);
        return;
      }
      case 'intent.rejected':
      case 'intent.satisfied':
      case 'service.updated':
      case 'service.removed':
        judge(event.cause, time);
        return;
      case 'service.reconciled': {
        const journey = byService.get(event.serviceId);
        if (!journey) return;
        journey.createdAt ??= time;
        for (const { id } of event.created ?? []) {
          journey.taskId ??= id;
          byTask.set(id, journey);
        }
        return;
      }
      case 'service.allocated': {
        const journey = byService.get(event.serviceId);
        if (journey) journey.allocatedAt ??= time;
        return;
      }
      case 'tasks.assigned':
        for (const id of event.tasks) {
          const journey = byTask.get(id);
          if (journey) journey.assignedAt ??= time;
        }
        return;
      case 'tasks.reported':
        for (const { id, state } of event.statuses ?? []) {
          const journey = state === 'running' ? byTask.get(id) : undefined;
          if (!journey || journey.runningAt !== undefined) continue;
          journey.runningAt = time;
          counts.running += 1;
        }
        return;
    }
  }

  return { note, all, byName, counts };
}
