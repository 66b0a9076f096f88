// What SwarmKit's control API refuses in a health check (manager/controlapi/service.go), in its words; and what no engine could run.

import { type Refusal, refuse } from '../refusal.ts';
import type { ContainerSpec } from './service-spec.ts';

/** 1ms */
const SHORTEST_NANOS = 1e6;
/** Ours: an engine takes any other word, and checks nothing for ever. */
const KINDS = ['NONE', 'CMD', 'CMD-SHELL'];

export function checkHealth({ healthcheck, readiness }: ContainerSpec): Refusal | undefined {
  if (healthcheck) {
    const { interval, timeout, startPeriod, startInterval, retries, test } = healthcheck;
    const nanos = { interval, timeout, startPeriod, startInterval };
    const refusal = checkNumbers('HealthConfig', 'health', nanos, retries) ?? checkTest('health', test ?? []);
    if (refusal) return refusal;
  }
  if (!readiness) return undefined;
  const { interval, timeout, retries, test } = readiness;
  const field = 'ready';
  if (test.length === 0 || test[0] === 'NONE')
    return refuse('invalid', 'ContainerSpec: readiness needs a command', `${field}.test`);
  return checkNumbers('readiness', field, { interval, timeout }, retries) ?? checkTest(field, test);
}

function checkNumbers(
  what: string,
  field: string,
  nanos: Readonly<Record<string, number>>,
  retries: number,
): Refusal | undefined {
  for (const [name, value] of Object.entries(nanos)) {
    if (value === 0 || value >= SHORTEST_NANOS) continue;
    const called = name.charAt(0).toUpperCase() + name.slice(1);
    return refuse(
      'invalid',
      `ContainerSpec: ${called} in ${what} cannot be less than 1ms`,
      `${field}.${name}`,
    );
  }
  if (retries >= 0) return undefined;
  return refuse('invalid', `ContainerSpec: Retries in ${what} cannot be negative`, `${field}.retries`);
}

function checkTest(field: string, test: readonly string[]): Refusal | undefined {
  const [kind, ...command] = test;
  if (kind === undefined) return undefined;
  const at = `${field}.test`;
  if (!KINDS.includes(kind)) {
    const message = `ContainerSpec: unknown health check type '${kind}': it is NONE, CMD or CMD-SHELL`;
    return refuse('invalid', message, at);
  }
  if (kind === 'NONE' || (command[0] ?? '') !== '') return undefined;
  return refuse('invalid', `ContainerSpec: ${at} names no command`, at);
}
