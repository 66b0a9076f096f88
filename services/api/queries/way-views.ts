// What the API says of the way between two that are on networks: what is to be, for somebody who compares it with what is.
import { nodeStatuses, portSchema, taskStateNames } from '@muster/model';
import { z } from 'zod';

const address = z.object({ networkId: z.string(), address: z.string() });
const taskState = z.enum(taskStateNames);

const wayTaskSchema = z.object({
  id: z.string(),
  name: z.string(),
  desired: taskState,
  state: taskState,
  /** Why it is no further. */
  err: z.string(),
  addresses: z.array(address),
  node: z
    .object({
      id: z.string(),
      hostname: z.string(),
      status: z.enum(nodeStatuses),
      /** Where other nodes reach it; left out where it has no part in networks. */
      underlay: z.string().optional(),
    })
    .optional(),
});
export type WayTask = z.infer<typeof wayTaskSchema>;

export const waySchema = z.object({
  from: wayTaskSchema,
  /** The networks that the sender is on, by name. */
  fromNetworks: z.array(z.string()),
  to: z.object({
    kind: z.enum(['service', 'task']),
    id: z.string(),
    name: z.string(),
    /** The service's own, or the task's. */
    service: z.object({ id: z.string(), name: z.string() }),
    /** How many tasks are wanted of it, and how many run. */
    wanted: z.int(),
    running: z.int(),
    /** Its newest tasks first, where some do not take traffic. */
    tasks: z.array(wayTaskSchema),
    omittedTasks: z.int().default(0),
    networks: z.array(z.string()),
    ports: z.array(portSchema),
  }),
  /** Those that both are on. */
  networks: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      internal: z.boolean(),
      /** Why it has no subnet. */
      failure: z.string().optional(),
      /** What the sender may call it. */
      names: z.array(z.string()),
      /** Left out where the name leads to the tasks' own. */
      vip: z.string().optional(),
      /** Those that take traffic. */
      endpoints: z.array(z.object({ taskId: z.string(), address: z.string() })),
    }),
  ),
});
export type Way = z.infer<typeof waySchema>;
