// What an agent does next with one task, from what is wanted of it, how far it has come and what the backend has of
// it. Pure: SwarmKit's exec.Do (agent/exec/controller.go) with the effects taken out.
import type { agentStates, DesiredStateName } from '@muster/model';
import type { Condition } from '../health/condition.ts';

export type AgentState = (typeof agentStates)[number];

/** `nothing`: no command has been seen for it, so nothing is ever done to it. */
export type Wanted = DesiredStateName | 'forget' | 'nothing';

/** `assigned`: nothing has been said of it yet. */
export type Reached = 'assigned' | AgentState;

/** What the backend has of the task. `unknown`: preparing it failed halfway, or the backend can't tell. */
export type Presence = 'absent' | 'unknown' | 'created' | 'running' | 'exited';

export interface TaskView {
  readonly wanted: Wanted;
  readonly reached: Reached;
  readonly presence: Presence;
  readonly exitCode: number | undefined;
  /** Why it exited, in the backend's words. */
  readonly error: string | undefined;
  /** Of one that is checked. */
  readonly condition?: Pick<Condition, 'health' | 'readiness'> | undefined;
}

export type Effect = 'prepare' | 'start' | 'stop' | 'remove';

export interface Reach {
  readonly do: 'reach';
  readonly state: AgentState;
  readonly message: string;
  readonly err?: string;
  readonly exitCode?: number;
}

export type Step =
  | { readonly do: 'rest' }
  /** Drop the task: nothing of it is left. */
  | { readonly do: 'forget' }
  | { readonly do: Effect }
  | Reach;

export const GONE_ERROR = 'task: the container is gone';
/** Docker's. */
const UNHEALTHY_ERROR = 'unhealthy container';

const REST = { do: 'rest' } as const;
const ended = new Set<Reached>(['complete', 'shutdown', 'failed', 'rejected']);
const order: readonly Reached[] = ['assigned', 'accepted', 'preparing', 'ready', 'starting', 'running'];

export function hasEnded(reached: Reached): boolean {
  return ended.has(reached);
}

/** Whatever it is, it is to run no more. */
export function isToEnd(wanted: Wanted): boolean {
  return wanted === 'shutdown' || wanted === 'remove' || wanted === 'forget';
}

export function nextStep(task: TaskView): Step {
  const { wanted, reached, presence } = task;
  if (wanted === 'forget') return presence === 'absent' ? { do: 'forget' } : { do: 'remove' };
  if (hasEnded(reached)) return tidy(wanted, presence);
  if (wanted === 'shutdown' || wanted === 'remove') {
    return mayRun(task) ? { do: 'stop' } : shutDown(task);
  }
  switch (presence) {
    case 'exited':
      return judgeExit(task);
    case 'running':
      return attend(task);
    case 'created':
      return isBelow(reached, 'ready') ? reach('ready', 'prepared') : proceed(wanted, reached);
    case 'absent':
      return isBelow(reached, 'starting') ? prepare(wanted, reached) : reachFailed('started', GONE_ERROR);
    case 'unknown':
      // What may have run is judged when the backend can tell.
      return isBelow(reached, 'starting') ? prepare(wanted, reached) : REST;
  }
}

/** SwarmKit: one that is unhealthy is stopped, and has failed; it has not started before it is healthy. */
function attend({ reached, condition }: TaskView): Step {
  if (condition?.health === 'unhealthy') return { do: 'stop' };
  if (reached === 'running' || !isSettled(condition)) return REST;
  return reach('running', 'started');
}

/** What takes the place of others is to be there before they go. */
function isSettled(condition: TaskView['condition']): boolean {
  const { health = 'healthy', readiness = 'healthy' } = condition ?? {};
  return health === 'healthy' && readiness === 'healthy';
}

function mayRun({ presence, reached }: TaskView): boolean {
  return presence === 'running' || (presence === 'unknown' && !isBelow(reached, 'starting'));
}

/** A task that has ended never runs again, whoever started it. What is left of it is kept for its output. */
function tidy(wanted: Wanted, presence: Presence): Step {
  if (wanted === 'nothing') return REST;
  if (presence === 'running') return { do: 'stop' };
  return wanted === 'remove' && presence !== 'absent' ? { do: 'remove' } : REST;
}

/** SwarmKit: whatever has not ended when it is asked to has SHUTDOWN for its end, whatever its exit code. */
export function shutDown({ presence, exitCode }: TaskView): Reach {
  const step = reach('shutdown', 'shutdown');
  return presence === 'exited' && exitCode !== undefined ? { ...step, exitCode } : step;
}

function judgeExit({ exitCode, error: said, condition }: TaskView): Reach {
  const isUnhealthy = condition?.health === 'unhealthy';
  const error = said ?? (isUnhealthy ? UNHEALTHY_ERROR : undefined);
  if (exitCode === undefined) return reachFailed('started', error ? `task: ${error}` : GONE_ERROR);
  if (exitCode === 0 && isUnhealthy) return { ...reachFailed('started', `task: ${error}`), exitCode };
  if (exitCode === 0) return { ...reach('complete', 'finished'), exitCode };
  const reason = `task: non-zero exit (${exitCode})`;
  return { ...reachFailed('started', error ? `${reason}: ${error}` : reason), exitCode };
}

/** From created to started, unless it is to wait. */
function proceed(wanted: Wanted, reached: Reached): Step {
  if (wanted === 'nothing' || wanted === 'ready') return REST;
  switch (reached) {
    case 'ready':
      return reach('starting', 'starting');
    case 'starting':
      return { do: 'start' };
    default:
      // It ran, and what is there now has never been started: somebody put another in its place.
      return reachFailed('started', GONE_ERROR);
  }
}

function prepare(wanted: Wanted, reached: Reached): Step {
  if (wanted === 'nothing') return REST;
  if (reached === 'assigned') return reach('accepted', 'accepted');
  if (reached === 'accepted') return reach('preparing', 'preparing');
  return { do: 'prepare' };
}

function isBelow(reached: Reached, state: Reached): boolean {
  return order.indexOf(reached) < order.indexOf(state);
}

function reach(state: AgentState, message: string): Reach {
  return { do: 'reach', state, message };
}

/** `message` is what it was doing when it failed, as in SwarmKit. */
export function reachFailed(message: string, err: string): Reach {
  return { do: 'reach', state: 'failed', message, err };
}

/** SwarmKit: what fails for good before it was started is rejected. */
export function reachRejected(err: string): Reach {
  return { do: 'reach', state: 'rejected', message: 'preparing', err };
}
