// How a simulated task behaves: what the engine's options say, then its script, then the task's own SIM_ variables
// (environment or labels), each over the one before. Pure.
import { nanosToMs, ownValue, parseDuration } from '@muster/model';
import { RejectedError, type TaskOrder } from '../backend.ts';
import { drawChance } from './chance.ts';

export interface Behaviour {
  /** Waiting for the image, before it is prepared: that holds up nothing else. */
  readonly pullDelayMs?: number;
  readonly prepareDelayMs?: number;
  readonly startDelayMs?: number;
  /** Runs for so long; until it is stopped when left out. */
  readonly exitAfterMs?: number;
  /** The code it then exits with. Alone, it means an exit right after the start. */
  readonly exitCode?: number;
  /** Its engine looks after its health, and finds it healthy so long after the start, and unhealthy so long after it. */
  readonly healthyAfterMs?: number;
  readonly unhealthyAfterMs?: number;
  /** `prepare`: is rejected. `start`: does not start. */
  readonly fails?: 'prepare' | 'start';
  /** From being asked to stop to the end. Beyond the grace period the end comes by force. */
  readonly stopDelayMs?: number;
  /** The code it exits with when it is stopped politely. */
  readonly stopExitCode?: number;
  /** Lines of output; one that begins with "2>" goes to stderr. */
  readonly prints?: readonly string[];
  /** Between a line and the next; all come at the start when left out. */
  readonly printEveryMs?: number;
  /** Chances from 0 to 1, drawn once for each task from the seed. */
  readonly odds?: Odds;
}

export interface Odds {
  readonly prepareFails?: number;
  readonly startFails?: number;
  /** Of exiting with code 1 within `crashWithinMs` of the start. */
  readonly crashes?: number;
  readonly crashWithinMs?: number;
}

const DEFAULT_CRASH_WITHIN_MS = 60_000;

/** A task with nothing of its own shares `defaults`, so that a thousand of them cost one object. */
export function planBehaviour(
  seed: string | number,
  order: TaskOrder,
  defaults: Behaviour,
  script: Behaviour | undefined,
): Behaviour {
  const variables = readVariables(order);
  const hasOwn = script !== undefined || variables !== undefined;
  const behaviour = hasOwn ? { ...defaults, ...script, ...variables } : defaults;
  if (behaviour.odds === undefined) return behaviour;
  return drawFate(seed, order.identity.taskId, behaviour, behaviour.odds);
}

function drawFate(seed: string | number, taskId: string, behaviour: Behaviour, odds: Odds): Behaviour {
  const draw = (what: string) => drawChance(seed, taskId, what);
  if (draw('prepare') < (odds.prepareFails ?? 0)) return { ...behaviour, fails: 'prepare' };
  if (draw('start') < (odds.startFails ?? 0)) return { ...behaviour, fails: 'start' };
  if (draw('crash') >= (odds.crashes ?? 0)) return behaviour;
  const exitAfterMs = Math.floor(draw('when') * (odds.crashWithinMs ?? DEFAULT_CRASH_WITHIN_MS));
  return { ...behaviour, exitAfterMs, exitCode: 1 };
}

/** What each variable sets, from its text; undefined is a text it cannot have. */
const variables: Readonly<Record<string, (value: string) => Behaviour | undefined>> = {
  SIM_PREPARE_DELAY: (value) => ifNumber(readMs(value), (ms) => ({ prepareDelayMs: ms })),
  SIM_PULL_DELAY: (value) => ifNumber(readMs(value), (ms) => ({ pullDelayMs: ms })),
  SIM_START_DELAY: (value) => ifNumber(readMs(value), (ms) => ({ startDelayMs: ms })),
  SIM_EXIT_AFTER: (value) => ifNumber(readMs(value), (ms) => ({ exitAfterMs: ms })),
  SIM_EXIT_CODE: (value) => ifNumber(readExitCode(value), (code) => ({ exitCode: code })),
  SIM_HEALTHY_AFTER: (value) => ifNumber(readMs(value), (ms) => ({ healthyAfterMs: ms })),
  SIM_UNHEALTHY_AFTER: (value) => ifNumber(readMs(value), (ms) => ({ unhealthyAfterMs: ms })),
  SIM_STOP_DELAY: (value) => ifNumber(readMs(value), (ms) => ({ stopDelayMs: ms })),
  SIM_STOP_CODE: (value) => ifNumber(readExitCode(value), (code) => ({ stopExitCode: code })),
  SIM_PRINT: (value) => ({ prints: value.split('\n') }),
  SIM_PRINT_EVERY: (value) => ifNumber(readMs(value), (ms) => ({ printEveryMs: ms })),
  SIM_FAIL: (value) =>
    value === 'prepare' || value === 'start'
      ? { fails: value }
      : ifNumber(readChance(value), (chance) => ({ odds: { startFails: chance } })),
};

function readVariables(order: TaskOrder): Behaviour | undefined {
  const { env, labels } = order.spec.containerSpec;
  let behaviour: Behaviour | undefined;
  for (const name in labels) behaviour = applyVariable(behaviour, name, ownValue(labels, name)!);
  for (const entry of env) {
    const equals = entry.indexOf('=');
    if (equals > 0) behaviour = applyVariable(behaviour, entry.slice(0, equals), entry.slice(equals + 1));
  }
  return behaviour;
}

function applyVariable(behaviour: Behaviour | undefined, name: string, value: string): Behaviour | undefined {
  if (!name.startsWith('SIM_')) return behaviour;
  const read = ownValue(variables, name);
  if (read === undefined) {
    throw new RejectedError(`${name}: the simulator knows only ${Object.keys(variables).join(', ')}`);
  }
  const change = read(value);
  if (change === undefined) throw new RejectedError(`${name}: the simulator cannot read "${value}"`);
  return { ...behaviour, ...change };
}

function readMs(value: string): number | undefined {
  const nanos = parseDuration(value);
  return nanos === undefined || nanos < 0 ? undefined : nanosToMs(nanos);
}

function readExitCode(value: string): number | undefined {
  return /^\d{1,3}$/.test(value) && Number(value) <= 255 ? Number(value) : undefined;
}

function readChance(value: string): number | undefined {
  return /^(0|1|0?\.\d+)$/.test(value) ? Number(value) : undefined;
}

function ifNumber(value: number | undefined, make: (value: number) => Behaviour): Behaviour | undefined {
  return value === undefined ? undefined : make(value);
}
