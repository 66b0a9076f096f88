// One task inside a simulated engine: a small record, and what can be read from it. Pure.
import type { Timer } from '@muster/runtime';
import type { BoundPort, Health, RunState } from '../backend.ts';
import type { Behaviour } from './behaviour.ts';

export interface SimulatedTask {
  readonly taskId: string;
  readonly runId: number;
  readonly clusterId: string | undefined;
  readonly behaviour: Behaviour;
  readonly graceMs: number;
  readonly ports: readonly BoundPort[];
  status: Exclude<RunState['status'], 'unknown'>;
  health: Health | undefined;
  exitCode: number | undefined;
  error: string | undefined;
  startedAt: number | undefined;
  finishedAt: number | undefined;
  /** Of its scripted end. */
  timer: Timer | undefined;
  /** A start or a stop under way: whoever asks again waits for the same one. */
  busy: Promise<void> | undefined;
  /** Who follows its output: called when it starts and when it ends. */
  readers: Set<() => void> | undefined;
}

export function readRunState(task: SimulatedTask): RunState {
  return {
    taskId: task.taskId,
    runId: `sim-${task.runId}`,
    status: task.status,
    ...(task.clusterId === undefined ? {} : { clusterId: task.clusterId }),
    ...(task.health === undefined ? {} : { health: task.health }),
    ...(task.exitCode === undefined ? {} : { exitCode: task.exitCode }),
    ...(task.error === undefined ? {} : { error: task.error }),
    ...(task.startedAt === undefined ? {} : { startedAt: task.startedAt }),
    ...(task.finishedAt === undefined ? {} : { finishedAt: task.finishedAt }),
  };
}
