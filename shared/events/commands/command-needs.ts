// What an agent must understand to run a task rightly: fields of its spec that not every agent knows.
import { findTemplate, listNeeds, type Port, type TaskSpec } from '@muster/model';
import { z } from 'zod';
import { runSpecSchema, taskCommandSchema } from './commands.ts';

/** Of a command's task: how to run it. */
export const runSchema = z.object({ spec: runSpecSchema, ports: taskCommandSchema.shape.task.shape.ports });

/** No field, and all the same what an agent has to know: that templates are to be filled in. */
export const TEMPLATES = 'templates';

interface Found {
  readonly ports: readonly Port[];
  readonly needs: readonly string[] | undefined;
}

/** The last answer for each spec: every task of a service asks. */
const found = new WeakMap<object, Found>();

/** As the command says it: undefined when every agent knows all of it. */
export function findNeeds(spec: object, ports: readonly Port[]): readonly string[] | undefined {
  const last = found.get(spec);
  if (last?.ports === ports) return last.needs;
  // It may be of another version, and of another shape then.
  const { containerSpec } = spec as Partial<TaskSpec>;
  const needs = [
    ...listNeeds({ spec, ports }, runSchema),
    ...(containerSpec && findTemplate(containerSpec) ? [TEMPLATES] : []),
  ];
  const answer = { ports, needs: needs.length > 0 ? needs : undefined };
  found.set(spec, answer);
  return answer.needs;
}
