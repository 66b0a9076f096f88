// Every question there is, on `muster.query.<name>`, with the schema of its request and of its answer.
import { z } from 'zod';
import {
  auditEntrySchema,
  networkDetailSchema,
  networkViewSchema,
  nodeDetailSchema,
  nodeViewSchema,
  progressSchema,
  serviceDetailSchema,
  serviceViewSchema,
  statusSchema,
  taskDetailSchema,
  taskViewSchema,
} from './views.ts';
import { waySchema } from './way-views.ts';

const base = z.object({
  minSeq: z
    .int()
    .nonnegative()
    .optional()
    .describe('Read your writes: answered once everything up to this sequence has been folded.'),
  waitMs: z
    .int()
    .positive()
    .optional()
    .describe('How long the answer is waited for, in ms: what takes longer is given up.'),
  whileHeard: z
    .string()
    .max(256)
    .regex(/^[^\s*>]+$/)
    .optional()
    .describe(
      'A subject of the sender (an inbox) that it listens on while it waits: a read of the log is given up once nobody does.',
    ),
});
/** Whose names are meant; the default team's when left out. Ids are found in every team. */
const named = base.extend({ team: z.string().optional() });
const paging = {
  cursor: z.string().optional().describe('`next` of the answer before: a long list comes in pages.'),
  limit: z.int().positive().optional().describe('Items of a page, at most.'),
};
const paged = base.extend(paging);

/** A sequence, or a time in ISO 8601. */
const moment = z.union([z.int().nonnegative(), z.iso.datetime({ offset: true })]);

export const queries = {
  /** Of one team, or of all. */
  'service.list': {
    request: named.extend({ ...paging, allTeams: z.boolean().optional() }),
    answer: z.array(serviceViewSchema),
  },
  'service.inspect': { request: named.extend({ service: z.string() }), answer: serviceDetailSchema },
  'service.tasks': {
    request: named.extend({ ...paging, service: z.string() }),
    answer: z.array(taskViewSchema),
  },
  'service.progress': {
    request: named.extend({ service: z.string(), slots: z.int().nonnegative().optional() }),
    answer: progressSchema,
  },
  'node.list': { request: paged, answer: z.array(nodeViewSchema) },
  'node.inspect': { request: base.extend({ node: z.string() }), answer: nodeDetailSchema },
  'node.tasks': { request: paged.extend({ node: z.string() }), answer: z.array(taskViewSchema) },
  /** Of one team, or of all. */
  'network.list': {
    request: named.extend({ ...paging, allTeams: z.boolean().optional() }),
    answer: z.array(networkViewSchema),
  },
  'network.inspect': { request: named.extend({ network: z.string() }), answer: networkDetailSchema },
  /** What is to be between a task and another, or a service: by name, id or address. */
  'network.way': { request: named.extend({ from: z.string(), to: z.string() }), answer: waySchema },
  'task.inspect': { request: named.extend({ task: z.string() }), answer: taskDetailSchema },
  /** The hash of the state. */
  'state.hash': {
    request: base.extend({ at: moment.optional() }),
    answer: z.object({ seq: z.int(), time: z.number(), hash: z.string() }),
  },
  /** The state itself, as the rows of a snapshot. */
  'state.rows': { request: paged.extend({ at: moment.optional() }), answer: z.array(z.array(z.unknown())) },
  /** The story of a service, a slot or a task; of everything when `about` is left out. */
  audit: {
    request: named.extend({ ...paging, about: z.string().optional() }),
    answer: z.array(auditEntrySchema),
  },
  status: { request: base, answer: statusSchema },
} as const;

export type QueryName = keyof typeof queries;
export type QueryRequest<Name extends QueryName> = z.input<(typeof queries)[Name]['request']>;
export type QueryAnswer<Name extends QueryName> = z.output<(typeof queries)[Name]['answer']>;
/** Questions whose answer is a list. */
export type ListName = {
  [Name in QueryName]: QueryAnswer<Name> extends readonly unknown[] ? Name : never;
}[QueryName];

export const queryNames = Object.keys(queries) as QueryName[];

export function querySubject(name: QueryName): string {
  return `muster.query.${name}`;
}

export const queryErrorSchema = z.object({
  kind: z.enum(['invalid', 'not-found', 'conflict', 'unsupported', 'timeout', 'internal']),
  message: z.string(),
});
export type QueryError = z.infer<typeof queryErrorSchema>;

/** What travels. */
export const replySchema = z.object({
  seq: z.int().describe('The last sequence folded when the answer was made.'),
  outOfSightMs: z
    .number()
    .nonnegative()
    .optional()
    .describe(
      'Whoever answers has lost sight of the log, so many ms ago, or has not got what was stored since: what it says may be as old.',
    ),
  answer: z.unknown().optional(),
  next: z.string().optional().describe('There is more of the list: the `cursor` of the following request.'),
  error: queryErrorSchema.optional().describe('Why there is no answer.'),
});
export type QueryReply = z.infer<typeof replySchema>;
