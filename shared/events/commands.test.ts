import { taskSpecSchema } from '@muster/model';
import { describe, expect, it } from 'vitest';
import { decodeCommand, encodeCommand } from './command-text.ts';
import type { ForgetCommand, TaskCommand } from './commands.ts';
import { encodeJson } from './encode.ts';

const command: TaskCommand = {
  v: 1,
  type: 'task',
  basis: 12,
  desired: 'running',
  task: {
    id: 'taskid0000000000000000001',
    name: 'web.1.taskid0000000000000000001',
    slot: 1,
    service: { id: 'serviceid0000000000000001', name: 'web', labels: { tier: 'front' } },
    spec: taskSpecSchema.parse({ containerSpec: { image: 'nginx' } }),
    ports: [{ protocol: 'tcp', targetPort: 80, publishedPort: 30000, publishMode: 'host' }],
  },
};

const forget: ForgetCommand = { v: 1, type: 'forget', basis: 13 };

function commandOf(task: Partial<TaskCommand['task']>): TaskCommand {
  return { ...command, task: { ...command.task, ...task } };
}

describe('a command', () => {
  it('is read as it was written', () => {
    expect(decodeCommand(encodeCommand(command))).toEqual(command);
    expect(decodeCommand(encodeCommand(forget))).toEqual(forget);
  });

  it('is JSON like any other', () => {
    expect(JSON.parse(new TextDecoder().decode(encodeCommand(command)))).toEqual(command);
    expect(encodeCommand(command)).toEqual(encodeJson(command));
    const { type, ...rest } = command;
    const reversed = { ...Object.fromEntries(Object.entries(rest).reverse()), type };
    expect(decodeCommand(encodeJson(reversed))).toEqual(command);
  });

  it('may hold whatever looks like the part that tasks have in common', () => {
    const odd = commandOf({
      name: ',"service":{"id":"x"}',
      service: { id: 's', name: 'web', labels: { service: ',"service":{' } },
    });
    expect(decodeCommand(encodeCommand(odd))).toEqual(odd);
    const [first, ...others] = Object.entries(command.task).reverse();
    const mixed = { ...command, task: Object.fromEntries([...others, first!]) };
    expect(decodeCommand(encodeJson(mixed))).toEqual(command);
  });

  it('has one spec for all tasks that have it, and says when it is another one', () => {
    const read = (task: Partial<TaskCommand['task']>) => {
      const decoded = decodeCommand(encodeCommand(commandOf(task)));
      expect(decoded).toEqual(commandOf(task));
      return (decoded as TaskCommand).task;
    };
    const [one, two] = [read({ id: 'one', slot: 1 }), read({ id: 'two', slot: 2 })];
    expect(two.spec).toBe(one.spec);
    read({ service: { ...command.task.service, labels: { tier: 'back' } } });
    read({ service: { ...command.task.service, name: 'other' } });
    read({ ports: [] });
    read({ spec: taskSpecSchema.parse({ containerSpec: { image: 'caddy' } }) });
    read({});
  });

  it.each([
    ['another version', { ...command, v: 2 }],
    ['another type', { ...command, type: 'dance' }],
    ['a state that nobody may ask for', { ...command, desired: 'failed' }],
    ['no basis', { ...command, basis: undefined }],
    ['a task without a name', { ...command, task: { ...command.task, name: undefined } }],
    ['a task without a spec', { ...command, task: { ...command.task, spec: undefined } }],
  ])('is not %s', (_what, payload) => {
    expect(() => decodeCommand(encodeJson(payload))).toThrow();
  });
});
