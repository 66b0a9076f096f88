// Every question there is, on `muster.query.<name>`, with the schema of its request and of its answer.
import { z } from 'zod';
import {
  auditEntrySchema,
  nodeDetailSchema,
  nodeViewSchema,
  progressSchema,
  serviceDetailSchema,
  serviceViewSchema,
  statusSchema,
  taskDetailSchema,
  taskViewSchema,
} from './views.ts';

const base = z.object({
  /** Read your writes: answered once everything up to here has been folded. */
  minSeq: z.int().nonnegative().optional(),
  /** How long the answer is waited for, in ms: what takes longer is given up. */
  waitMs: z.int().positive().optional(),
});
/** Whose names are meant; the default team's when left out. Ids are found in every team. */
const named = base.extend({ team: z.string().optional() });
/** A long list comes in pages: `next` of one answer is the `cursor` of the following request. */
const paging = { cursor: z.string().optional(), limit: z.int().positive().optional() };
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

/** What travels. `seq` is the last sequence folded when the answer was made. */
export const replySchema = z.object({
  seq: z.int(),
  /** Whoever answers has lost sight of the log, so many ms ago: what it says may be as old. */
  outOfSightMs: z.number().nonnegative().optional(),
  answer: z.unknown().optional(),
  next: z.string().optional(),
  error: queryErrorSchema.optional(),
});
export type QueryReply = z.infer<typeof replySchema>;
