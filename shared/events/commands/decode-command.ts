// From a stored command to what an agent does with it. An agent may be older than the dispatcher, or younger: it takes
// what it knows, brings an older form up to its own, and refuses what it must understand and does not.
import { hasField } from '@muster/model';
import { z } from 'zod';
import { WIRE_VERSION } from '../envelope.ts';
import { compileCheck, type Issue } from '../reading/compile-check.ts';
import { taskSpecForm, upcastForm } from '../reading/forms.ts';
import { runSchema, TEMPLATES } from './command-needs.ts';
import { COMMON_FROM } from './command-text.ts';
import { type Command, forgetCommandSchema, type TaskCommand, taskCommandSchema } from './commands.ts';

type Json = Readonly<Record<string, unknown>>;
type Run = Pick<TaskCommand['task'], 'service' | 'spec' | 'ports'>;

/** What all tasks of a service have in common: how to run it, or why it can't be. Not to be changed. */
interface Common {
  readonly cluster?: string | undefined;
  readonly run: Run | { readonly refused: string };
}

/** Of common parts that were read and are kept. */
const KNOWN_CHARS_LIMIT = 8 * 1024 * 1024;
const UPGRADE = 'upgrade the agent of this node';

const utf8 = new TextDecoder();
const known = new Map<string, Common>();
let knownChars = 0;

const { shape } = taskCommandSchema;
const commonSchema = runSchema.extend({ service: shape.task.shape.service });
const checkOf = (schema: z.ZodType) => compileCheck(schema, WIRE_VERSION);
const forgetCheck = checkOf(forgetCommandSchema.extend({ v: z.int().positive() }));
/** The same in every version: an agent can always end and forget a task. */
const headCheck = checkOf(
  z.object({ v: z.int().positive(), type: shape.type, basis: shape.basis, desired: shape.desired }),
);
const ownCheck = checkOf(shape.task.pick({ id: true, name: true, slot: true, networks: true }));
const writingCheck = checkOf(z.object({ cluster: shape.cluster, wire: shape.wire, needs: shape.needs }));
const runCheck = checkOf(commonSchema);

/** Throws when not even what is wanted can be read. What the commands of a service have in common is one object. */
export function decodeCommand(data: Uint8Array): Command {
  const text = utf8.decode(data);
  return readSpliced(text) ?? read(JSON.parse(text));
}

/** Undefined when it was not written as our own dispatchers do, or is wrong. */
function readSpliced(text: string): Command | undefined {
  const at = text.indexOf(COMMON_FROM);
  if (at < 0) return undefined;
  try {
    const json = JSON.parse(`${text.slice(0, at)}}}`) as Json;
    const command = json.type === 'task' ? readTask(json, readCommonText(text.slice(at + 1))) : undefined;
    return command?.type === 'task' ? command : undefined;
  } catch {
    return undefined;
  }
}

function readCommonText(text: string): Common {
  const found = known.get(text);
  if (found) return found;
  const common = readCommon(JSON.parse(`{"task":{${text}`));
  if ('refused' in common.run) return common;
  if (knownChars + text.length > KNOWN_CHARS_LIMIT) {
    known.clear();
    knownChars = 0;
  }
  known.set(text, common);
  knownChars += text.length;
  return common;
}

function read(json: unknown): Command {
  const { type } = asObject(json);
  if (type === 'forget') {
    const forget = { ...asObject(json) };
    demand(forgetCheck.reduce(forget));
    return { v: 1, type, basis: forget.basis as number };
  }
  if (type !== 'task') throw new Error("its command can't be read: type must be task or forget");
  return readTask(asObject(json), readCommon(asObject(json)));
}

function readTask(json: Json, { cluster, run }: Common): Command {
  const head = { ...json };
  demand(headCheck.reduce(head));
  const { v, basis, desired } = head as { v: number } & Pick<TaskCommand, 'basis' | 'desired'>;
  const refuse = (reason: string): Command => ({
    type: 'refused',
    basis,
    desired,
    reason,
    ...(cluster !== undefined && { cluster }),
  });
  if (v !== 1) return refuse(`its command is of version ${v}: ${UPGRADE}`);
  if ('refused' in run) return refuse(run.refused);
  const own = { ...asObject(json.task) };
  const issue = ownCheck.reduce(own);
  if (issue) return refuse(describe(issue));
  const { id, name, slot, networks } = own as unknown as TaskCommand['task'];
  return {
    v,
    type: 'task',
    basis,
    desired,
    task: { id, name, slot, ...(networks && { networks }), ...run },
    ...(cluster !== undefined && { cluster }),
  };
}

function readCommon({ cluster, wire, needs, task }: Json): Common {
  const writing = withoutAbsent({ cluster, wire, needs });
  const issue = writingCheck.reduce(writing);
  if (issue) return { run: { refused: describe(issue) } };
  const whose = typeof cluster === 'string' ? { cluster } : {};
  return {
    ...whose,
    run: readRun(asObject(task), (wire ?? 1) as number, (needs ?? []) as readonly string[]),
  };
}

function readRun({ service, spec, ports }: Json, wire: number, needs: readonly string[]): Common['run'] {
  const unknown = needs.filter((path) => path !== TEMPLATES && !hasField(commonSchema, path.split('.')));
  if (unknown.length > 0)
    return { refused: `${unknown.join(', ')}: this agent does not know it: ${UPGRADE}` };
  try {
    const run = withoutAbsent({ service, spec: upcastForm(taskSpecForm, asObject(spec), wire), ports });
    const issue = runCheck.reduce(run);
    if (!issue) return run as unknown as Run;
    return { refused: `${describe(issue)}${wire > WIRE_VERSION ? `: ${UPGRADE}` : ''}` };
  } catch (error) {
    return { refused: `its spec can't be read: ${(error as Error).message}` };
  }
}

function describe({ path, message }: Issue): string {
  return `its command can't be read: ${path === '' ? 'it' : path} ${message}`;
}

function demand(issue: Issue | undefined): void {
  if (issue) throw new Error(describe(issue));
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** A check takes an undefined value for one that is there. */
function withoutAbsent(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, of]) => of !== undefined));
}
