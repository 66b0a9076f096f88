// What the dispatcher tells an agent: for each task of the node, what it is and what is wanted of it. Derived
// from the log, level-triggered: the same command twice means nothing the second time. How they are written and read
// is in command-text.ts.
import { desiredStates, portSchema, taskSpecSchema } from '@muster/model';
import { z } from 'zod';

export const taskCommandSchema = z.object({
  v: z.literal(1),
  type: z.literal('task'),
  /** The log sequence it follows from: of two commands for a task, the one with the higher basis holds. */
  basis: z.int().positive(),
  desired: z.enum(desiredStates),
  task: z.object({
    id: z.string(),
    name: z.string(),
    slot: z.int(),
    service: z.object({ id: z.string(), name: z.string(), labels: z.record(z.string(), z.string()) }),
    spec: taskSpecSchema,
    ports: z.array(portSchema),
  }),
});
export type TaskCommand = z.infer<typeof taskCommandSchema>;

/** The task is forgotten by the cluster: whatever is left of it on the node is to be removed. */
export const forgetCommandSchema = z.object({
  v: z.literal(1),
  type: z.literal('forget'),
  basis: z.int().nonnegative(),
});
export type ForgetCommand = z.infer<typeof forgetCommandSchema>;

export const commandSchema = z.discriminatedUnion('type', [taskCommandSchema, forgetCommandSchema]);
export type Command = z.infer<typeof commandSchema>;
