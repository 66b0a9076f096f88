// What a node is asked of its networks, on core NATS, by somebody who wonders where packets stop. It may be lost, and changes no state.
import { z } from 'zod';

export function networkSubject(nodeId: string): string {
  return `muster.network.${nodeId}`;
}

const ip = z.union([z.ipv4(), z.ipv6()]);
const port = z.int().min(1).max(65_535);

export const networkRequestSchema = z.object({
  taskId: z
    .string()
    .optional()
    .describe('A task of the node, whose own part is looked at, and from where is asked.'),
  networkId: z.string().optional().describe('By which of its networks; by the first unless said.'),
  name: z
    .string()
    .max(253)
    .regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/)
    .optional()
    .describe('Asked of the node’s resolver, from where the task is.'),
  vip: ip.optional().describe('A virtual address: where the node leads it to.'),
  to: z.array(ip).max(64).optional().describe('Addresses: how packets to them go on from the node.'),
  connect: z
    .object({ host: ip, port })
    .optional()
    .describe('A connection that is tried from where the task is, and closed at once.'),
});
export type NetworkRequest = z.infer<typeof networkRequestSchema>;

const failed = z.object({ error: z.string() });
const words = z.array(z.string());

export const networkAnswerSchema = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    follows: z
      .int()
      .nonnegative()
      .describe('The sequence of the stream of endpoints that its kernel goes by.'),
    heard: z.int().nonnegative().describe('The last one that has come.'),
    trouble: z.string().optional().describe('Why it could not be made as it is to be, the last time.'),
    resolver: z.boolean().describe('Whether the process that answers names is there.'),
    astray: words.describe('What of the node is not as it is to be.'),
    task: z
      .object({
        address: z.string(),
        astray: words,
        listeners: z.array(
          z.object({ protocol: z.enum(['tcp', 'udp']), address: z.string(), port: z.int() }),
        ),
      })
      .optional()
      .describe('Left out where the task is not attached.'),
    name: z.union([z.object({ addresses: words }), failed]).optional(),
    endpoints: words
      .optional()
      .describe('Where the virtual address leads to; left out where no rule is for it.'),
    routes: z.array(
      z.object({
        to: z.string(),
        way: z.string(),
        through: z.string().optional().describe('Where the node is that it leads to.'),
        isOpen: z.boolean(),
      }),
    ),
    connection: z.union([z.object({ connected: z.literal(true) }), failed]).optional(),
  }),
  z.object({ ok: z.literal(false), message: z.string() }),
]);
export type NetworkAnswer = z.infer<typeof networkAnswerSchema>;
