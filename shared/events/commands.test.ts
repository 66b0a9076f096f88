import { taskSpecSchema } from '@muster/model';
import { describe, expect, it } from 'vitest';
import { decodeCommand, type TaskCommand } from './commands.ts';
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

describe('a command', () => {
  it('is read as it was written', () => {
    expect(decodeCommand(encodeJson(command))).toEqual(command);
    const forget = { v: 1, type: 'forget', basis: 13 };
    expect(decodeCommand(encodeJson(forget))).toEqual(forget);
  });

  it.each([
    ['another version', { ...command, v: 2 }],
    ['another type', { ...command, type: 'dance' }],
    ['a state that nobody may ask for', { ...command, desired: 'failed' }],
    ['no basis', { ...command, basis: undefined }],
    ['a task without a name', { ...command, task: { ...command.task, name: undefined } }],
  ])('is not %s', (_what, payload) => {
    expect(() => decodeCommand(encodeJson(payload))).toThrow();
  });
});
