// What the engine says of a container, as the port's RunState. Pure.
import type { Health, RunState } from '../backend.ts';
import { findTaskId, type Labels, label, type Owner } from './labels.ts';

/** The part of an inspection that counts. */
export interface Inspection {
  readonly Id: string;
  readonly Config: { readonly Labels?: Labels };
  readonly State: {
    readonly Status: string;
    readonly ExitCode: number;
    readonly Error: string;
    readonly OOMKilled: boolean;
    readonly StartedAt: string;
    readonly FinishedAt: string;
    /** Absent, or "none", where the container has no health check. */
    readonly Health?: { readonly Status: string } | undefined;
  };
}

/** One message of the engine's event stream, as far as containers go. */
export interface ContainerEvent {
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Labels };
  readonly timeNano: number;
}

/** In the engine's words where it has some (`State.OOMKilled`). */
export const OOM_ERROR = 'OOM killed: the container ran out of memory';
const REMOVED_ERROR = 'the container was removed from outside';

const LIVE = new Set(['running', 'paused', 'restarting']);

export function readInspection(taskId: string, { Id, Config, State: state }: Inspection): RunState {
  const clusterId = Config.Labels?.[label.clusterId];
  const run = { taskId, runId: Id, ...(clusterId !== undefined && { clusterId }) };
  const startedAt = readTime(state.StartedAt);
  const started = startedAt === undefined ? {} : { startedAt };
  if (LIVE.has(state.Status)) {
    const health = readHealth(state.Health?.Status);
    return { ...run, status: 'running', ...(health && { health }), ...started };
  }
  // A container whose start failed stays "created", with the error and an exit code in it.
  if (state.Status === 'created' && state.ExitCode === 0 && state.Error === '') {
    return { ...run, status: 'created' };
  }
  const finishedAt = readTime(state.FinishedAt);
  const error = state.Error || (state.OOMKilled ? OOM_ERROR : '');
  return {
    ...run,
    status: 'exited',
    exitCode: state.ExitCode,
    ...(error === '' ? {} : { error }),
    ...started,
    ...(finishedAt === undefined ? {} : { finishedAt }),
  };
}

function readHealth(word: string | undefined): Health | undefined {
  return word === 'starting' || word === 'healthy' || word === 'unhealthy' ? word : undefined;
}

/** The engine writes "no time" as the year 1. */
function readTime(text: string): number | undefined {
  const time = Date.parse(text);
  return time > 0 ? time : undefined;
}

/**
 * Folds a node's event stream into changes of its tasks. `isRemoving` tells which containers go because the
 * agent asked: their end is no news; `isChecked`, whose health the engine will tell of.
 */
export function readEvents(
  owner: Owner,
  isRemoving: (containerId: string) => boolean,
  isChecked: (taskId: string) => boolean,
): (event: ContainerEvent) => RunState | undefined {
  const outOfMemory = new Set<string>();
  const ended = new Set<string>();
  return ({ Action: action, Actor: { ID: runId, Attributes: attributes }, timeNano }) => {
    const taskId = findTaskId(attributes, owner);
    if (taskId === undefined) return undefined;
    const time = Math.floor(timeNano / 1e6);
    switch (action) {
      case 'start':
        return {
          taskId,
          runId,
          status: 'running',
          ...(isChecked(taskId) && { health: 'starting' }),
          startedAt: time,
        };
      case 'oom':
        outOfMemory.add(runId);
        return undefined;
      case 'die': {
        ended.add(runId);
        const error = outOfMemory.delete(runId) ? { error: OOM_ERROR } : {};
        return {
          taskId,
          runId,
          status: 'exited',
          exitCode: Number(attributes.exitCode),
          ...error,
          finishedAt: time,
        };
      }
      case 'destroy': {
        const known = ended.delete(runId);
        outOfMemory.delete(runId);
        if (known || isRemoving(runId)) return undefined;
        return { taskId, runId, status: 'exited', error: REMOVED_ERROR, finishedAt: time };
      }
      default: {
        const health = readHealth(/^health_status: (.*)/.exec(action)?.[1]);
        return health && { taskId, runId, status: 'running', health };
      }
    }
  };
}
