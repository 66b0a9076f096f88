// What the engine says of a container, where it may wait at its gate: for the engine that one runs already.
import type { RunState } from '../../backend.ts';
import { label } from '../labels.ts';
import { type Inspection, readInspection } from '../run-states.ts';
import { lookAtGate } from './gate.ts';

const RESTARTED_ERROR = 'the container was started again from outside';

export function readTask(
  taskId: string,
  inspection: Inspection & { readonly State: { readonly Pid: number } },
): RunState {
  const state = readInspection(taskId, inspection);
  if (state.status !== 'running' || inspection.Config.Labels?.[label.networks] === undefined) return state;
  if (lookAtGate(inspection.State.Pid) === 'passed') return state;
  const { startedAt: _, ...held } = state;
  const finishedAt = Date.parse(inspection.State.FinishedAt);
  // A task runs once: what has ended stays where it waits.
  if (finishedAt > 0) return { ...held, status: 'exited', error: RESTARTED_ERROR, finishedAt };
  return { ...held, status: 'created' };
}

/** Why it ended before its program began, in the engine's words. */
export function explainRefusal(program: string, exitCode: number): string {
  const words = `exec: "${program}": `;
  if (exitCode === 126) return `${words}permission denied`;
  if (exitCode !== 127) return `it was ended before its program began (${exitCode})`;
  return program.includes('/')
    ? `${words}stat ${program}: no such file or directory`
    : `${words}executable file not found in $PATH`;
}
