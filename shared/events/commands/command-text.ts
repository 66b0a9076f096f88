// Commands as they are stored. All but the first few fields are the same for every task of a service, so that part is
// written once and spliced in, and read once and shared: a thousand tasks cost one spec. It is JSON all the same, and
// any other JSON that says the same is read as well.
import type { Port } from '@muster/model';
import type { z } from 'zod';
import type { ForgetCommand, taskCommandSchema } from './commands.ts';

type Stored = z.infer<typeof taskCommandSchema>;

/** A task's command as its writer has it: the spec is as it stands in the log, in the form of `wire`. */
export type TaskCommandInput = Omit<Stored, 'task' | 'needs'> & {
  readonly task: Omit<Stored['task'], 'ports' | 'spec'> & {
    readonly spec: object;
    readonly ports: readonly Port[];
  };
  readonly needs?: readonly string[];
};

interface Written {
  readonly command: TaskCommandInput;
  readonly text: string;
}

/** Where the common part begins. No field before it is called so, and no JSON string holds a bare quote. */
export const COMMON_FROM = ',"service":{';

const utf8 = new TextEncoder();

/** The last one written of each spec. */
const written = new WeakMap<object, Written>();

export function encodeCommand(command: TaskCommandInput | ForgetCommand): Uint8Array {
  if (command.type === 'forget') return utf8.encode(JSON.stringify(command));
  const { v, type, basis, desired, task } = command;
  const own = JSON.stringify({
    v,
    type,
    basis,
    desired,
    task: { id: task.id, name: task.name, slot: task.slot, networks: task.networks },
  });
  return utf8.encode(own.slice(0, -2) + writeCommon(command));
}

function writeCommon(command: TaskCommandInput): string {
  const { task, cluster, wire, needs } = command;
  const { service, spec, ports } = task;
  const last = written.get(spec);
  if (last && isSame(last.command, command)) return last.text;
  const rest = JSON.stringify({ cluster, wire, needs }).slice(1);
  const text = `,${JSON.stringify({ service, spec, ports }).slice(1)}${rest === '}' ? '' : ','}${rest}`;
  written.set(spec, { command, text });
  return text;
}

function isSame(one: TaskCommandInput, other: TaskCommandInput): boolean {
  const [a, b] = [one.task.service, other.task.service];
  return (
    one.task.ports === other.task.ports &&
    a.id === b.id &&
    a.name === b.name &&
    a.labels === b.labels &&
    one.cluster === other.cluster &&
    one.wire === other.wire &&
    one.needs === other.needs
  );
}
