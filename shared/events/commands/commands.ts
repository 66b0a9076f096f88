// What the dispatcher tells an agent: for each task of the node, what it is and what is wanted of it. Derived
// from the log, level-triggered: the same command twice means nothing the second time. How they are written is in
// command-text.ts, how they are read in decode-command.ts.
import { desiredStates, portSchema, type RunSpec, since, storedForm, type TaskSpec } from '@muster/model';
import { z } from 'zod';
import { taskSpecForm } from '../reading/forms.ts';

const taskNetworkSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** The network's own in the cluster: what packets are marked with. */
  number: z.int().positive(),
  address: z.string(),
  /** Leading bits that the addresses of the network's subnet share. */
  prefix: z.int(),
  /** Of IPv6, where the network has it: the task has the twin of its address there. */
  subnet6: z.string().optional(),
  aliases: z.array(z.string()),
  internal: z.boolean(),
});
export type TaskNetwork = z.infer<typeof taskNetworkSchema>;

/** The form in which it is stored. An agent takes what it knows of it. */
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
    service: z.object({
      id: z.string(),
      name: z.string(),
      /** Whose it is; the default team's when left out. */
      team: z.string().optional(),
      labels: z.record(z.string(), z.string()),
    }),
    spec: taskSpecForm.schema,
    ports: z.array(storedForm(portSchema)),
    /** Where it is on each of its networks; left out when it is on none. */
    networks: since(2, z.array(taskNetworkSchema).optional()),
  }),
  /** The id of the cluster whose task it is; left out where the log does not say. */
  cluster: z.string().optional(),
  /** The wire version of the form in which the spec is written; left out when it is the first. */
  wire: z.int().positive().optional(),
  /** Parts of `task`, as paths, without which it can't be run rightly: who does not know them has to refuse it. */
  needs: z.array(z.string()).optional(),
});
type StoredTaskCommand = z.infer<typeof taskCommandSchema>;

/** What of a task's spec an agent has a use for. The rest is for reducers: nothing in it has to be understood here. */
export const runSpecSchema = (
  taskSpecForm.schema as unknown as z.ZodObject<Record<keyof TaskSpec, z.ZodType>>
).omit({
  restartPolicy: true,
  placement: true,
  forceUpdate: true,
}) as unknown as z.ZodType<RunSpec, RunSpec>;

/** A command as an agent takes it, in the form of this build. */
export type TaskCommand = Omit<StoredTaskCommand, 'task' | 'wire' | 'needs'> & {
  readonly task: Omit<StoredTaskCommand['task'], 'spec'> & { readonly spec: RunSpec };
};

/** The task is forgotten by the cluster: whatever is left of it on the node is to be removed. */
export const forgetCommandSchema = z.object({
  v: z.literal(1),
  type: z.literal('forget'),
  basis: z.int().nonnegative(),
});
export type ForgetCommand = z.infer<typeof forgetCommandSchema>;

/** What is wanted of a task can be read, and how to run it can't: whoever has not begun with it has to refuse it. */
export interface RefusedCommand {
  readonly type: 'refused';
  readonly basis: number;
  readonly desired: TaskCommand['desired'];
  readonly cluster?: string | undefined;
  /** In words for whoever asked for the service. */
  readonly reason: string;
}

export type Command = TaskCommand | ForgetCommand | RefusedCommand;
