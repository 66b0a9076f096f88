// What is said in the log of an update that is done, goes no further, or goes back. One such decision at a time: what it
// means for the tasks is the next one.
import type { EventDraft } from '@muster/events';
import { isRollback, type Service } from '@muster/state';
import { judgeUpdate } from './judge-update.ts';

export interface UpdateDecision {
  readonly event: EventDraft | undefined;
  readonly wakeAt: number | undefined;
}

export function decideUpdate(service: Service, now: number): UpdateDecision {
  const judgement = judgeUpdate(service, now);
  switch (judgement.verdict) {
    case 'go on':
      return { event: undefined, wakeAt: judgement.wakeAt };
    case 'pause':
      return { event: pause(service), wakeAt: undefined };
    case 'roll back':
      return { event: rollBack(service), wakeAt: undefined };
    case 'done':
      return { event: complete(service), wakeAt: undefined };
  }
}

function pause(service: Service): EventDraft {
  const { id, seq } = service.update!.failedTask!;
  const isBack = isRollback(service);
  return {
    type: 'service.update_ended',
    cause: seq,
    serviceId: service.id,
    specVersion: service.specSeq,
    state: isBack ? 'rollback_paused' : 'paused',
    message: `${isBack ? 'rollback' : 'update'} paused ${dueTo(id)}`,
  };
}

function rollBack(service: Service): EventDraft {
  const { id, seq } = service.update!.failedTask!;
  return {
    type: 'service.rolled_back',
    cause: seq,
    serviceId: service.id,
    message: `update rolled back ${dueTo(id)}`,
  };
}

function complete(service: Service): EventDraft {
  const isBack = isRollback(service);
  return {
    type: 'service.update_ended',
    cause: service.update!.settledSeq,
    serviceId: service.id,
    specVersion: service.specSeq,
    state: isBack ? 'rollback_completed' : 'completed',
    message: `${isBack ? 'rollback' : 'update'} completed`,
  };
}

function dueTo(task: string): string {
  return `due to failure or early termination of task ${task}`;
}
