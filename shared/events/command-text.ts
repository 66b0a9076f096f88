// Commands as they are stored. All but the first few fields are the same for every task of a service, so that part is
// written once and spliced in, and read once and shared: a thousand tasks cost one spec. It is JSON all the same, and
// any other JSON that says the same is read as well.
import type { Port } from '@muster/model';
import {
  type Command,
  commandSchema,
  type ForgetCommand,
  type TaskCommand,
  taskCommandSchema,
} from './commands.ts';

/** A task's command as its writer has it. */
export type TaskCommandInput = Omit<TaskCommand, 'task'> & {
  readonly task: Omit<TaskCommand['task'], 'ports'> & { readonly ports: readonly Port[] };
};

type Common = Pick<TaskCommand['task'], 'service' | 'spec' | 'ports'>;

interface Written {
  readonly task: TaskCommandInput['task'];
  readonly text: string;
}

/** Where the common part begins. No field before it is an object, and no JSON string holds a bare quote. */
const COMMON_FROM = ',"service":{';
/** Of common parts that were read and are kept. */
const KNOWN_CHARS_LIMIT = 8 * 1024 * 1024;

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder();

const commonSchema = taskCommandSchema.shape.task.pick({ service: true, spec: true, ports: true });
const ownSchema = taskCommandSchema.extend({
  task: taskCommandSchema.shape.task.pick({ id: true, name: true, slot: true }),
});

/** The last one written of each spec. */
const written = new WeakMap<object, Written>();
const known = new Map<string, Common>();
let knownChars = 0;

export function encodeCommand(command: TaskCommandInput | ForgetCommand): Uint8Array {
  if (command.type === 'forget') return utf8Encoder.encode(JSON.stringify(command));
  const { v, type, basis, desired, task } = command;
  const own = JSON.stringify({
    v,
    type,
    basis,
    desired,
    task: { id: task.id, name: task.name, slot: task.slot },
  });
  return utf8Encoder.encode(own.slice(0, -2) + writeCommon(task));
}

function writeCommon(task: TaskCommandInput['task']): string {
  const { service, spec, ports } = task;
  const last = written.get(spec);
  if (last && isSame(last.task, task)) return last.text;
  const text = `,${JSON.stringify({ service, spec, ports }).slice(1)}}`;
  written.set(spec, { task, text });
  return text;
}

function isSame(one: TaskCommandInput['task'], other: TaskCommandInput['task']): boolean {
  const [a, b] = [one.service, other.service];
  return one.ports === other.ports && a.id === b.id && a.name === b.name && a.labels === b.labels;
}

/** What the commands of a service have in common is one object for all of them: not to be changed. */
export function decodeCommand(data: Uint8Array): Command {
  const text = utf8Decoder.decode(data);
  return readSpliced(text) ?? commandSchema.parse(JSON.parse(text));
}

/** Undefined when it was not written as above, or is wrong. */
function readSpliced(text: string): TaskCommand | undefined {
  const at = text.indexOf(COMMON_FROM);
  if (at < 0 || !text.endsWith('}}')) return undefined;
  const common = readCommon(text.slice(at));
  if (common === undefined) return undefined;
  try {
    const own = ownSchema.safeParse(JSON.parse(`${text.slice(0, at)}}}`));
    if (!own.success) return undefined;
    const { v, type, basis, desired, task } = own.data;
    const { id, name, slot } = task;
    return { v, type, basis, desired, task: { id, name, slot, ...common } };
  } catch {
    return undefined;
  }
}

function readCommon(text: string): Common | undefined {
  const found = known.get(text);
  if (found) return found;
  try {
    const parsed = commonSchema.safeParse(JSON.parse(`{${text.slice(1, -1)}`));
    if (!parsed.success) return undefined;
    keep(text, parsed.data);
    return parsed.data;
  } catch {
    return undefined;
  }
}

function keep(text: string, common: Common): void {
  if (knownChars + text.length > KNOWN_CHARS_LIMIT) {
    known.clear();
    knownChars = 0;
  }
  known.set(text, common);
  knownChars += text.length;
}
