// SwarmKit's ladder of task states. An observed state and a desired state only ever rise along it.
// The numbers and their gaps are SwarmKit's (api/types.proto, TaskState).

export const TaskState = {
  NEW: 0,
  PENDING: 64,
  ASSIGNED: 192,
  ACCEPTED: 256,
  PREPARING: 320,
  READY: 384,
  STARTING: 448,
  RUNNING: 512,
  COMPLETE: 576,
  SHUTDOWN: 640,
  FAILED: 704,
  REJECTED: 768,
  REMOVE: 800,
  ORPHANED: 832,
} as const;

export type TaskState = (typeof TaskState)[keyof typeof TaskState];

/** The lower-case word Docker's API uses for a state. */
export type TaskStateName = Lowercase<keyof typeof TaskState>;

const nameByState = new Map<TaskState, TaskStateName>(
  Object.entries(TaskState).map(([name, state]) => [state, name.toLowerCase() as TaskStateName]),
);

const stateByName = new Map<string, TaskState>([...nameByState].map(([state, name]) => [name, state]));

export const taskStateNames = [...nameByState.values()];

export function nameTaskState(state: TaskState): TaskStateName {
  return nameByState.get(state)!;
}

/** "allocated" is the word of Swarm's early slides for PENDING; it is accepted on input. */
export function parseTaskState(name: string): TaskState | undefined {
  const state = stateByName.get(name);
  if (state !== undefined) return state;
  const upper = name.toUpperCase();
  if (upper === 'ALLOCATED') return TaskState.PENDING;
  return Object.hasOwn(TaskState, upper) ? TaskState[upper as keyof typeof TaskState] : undefined;
}

/** A terminal task is over and will never run again; its slot gets another task. */
export function isTerminal(observed: TaskState): boolean {
  return observed > TaskState.RUNNING;
}

/** States an agent may report. Everything below is decided by reducers; REMOVE is only ever desired. */
export const agentStates = [
  'accepted',
  'preparing',
  'ready',
  'starting',
  'running',
  'complete',
  'shutdown',
  'failed',
  'rejected',
] as const satisfies readonly TaskStateName[];

/** What an orchestrator may ask of a task. */
export const desiredStates = [
  'ready',
  'running',
  'complete',
  'shutdown',
  'remove',
] as const satisfies readonly TaskStateName[];
export type DesiredStateName = (typeof desiredStates)[number];
