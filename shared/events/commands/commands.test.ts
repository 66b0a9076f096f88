import { taskSpecSchema } from '@muster/model';
import { afterEach, describe, expect, it } from 'vitest';
import { encodeJson } from '../reading/encode.ts';
import { taskSpecForm } from '../reading/forms.ts';
import { encodeCommand, type TaskCommandInput } from './command-text.ts';
import type { Command, ForgetCommand, TaskCommand } from './commands.ts';
import { decodeCommand } from './decode-command.ts';

const spec = taskSpecSchema.parse({
  containerSpec: {
    image: 'nginx',
    command: ['sh'],
    env: ['A=1'],
    labels: { tier: 'front' },
    mounts: [{ type: 'volume', target: '/data' }],
  },
});

const command = {
  v: 1,
  type: 'task',
  basis: 12,
  desired: 'running',
  task: {
    id: 'taskid0000000000000000001',
    name: 'web.1.taskid0000000000000000001',
    slot: 1,
    service: { id: 'serviceid0000000000000001', name: 'web', labels: { tier: 'front' } },
    spec,
    ports: [{ protocol: 'tcp', targetPort: 80, publishedPort: 30000, publishMode: 'host' }],
  },
} as const satisfies TaskCommandInput;

const forget: ForgetCommand = { v: 1, type: 'forget', basis: 13 };

function commandOf(task: Partial<TaskCommandInput['task']>): TaskCommandInput {
  return { ...command, task: { ...command.task, ...task } };
}

/** What an agent has of it. */
function taken({ wire: _, needs: __, ...written }: TaskCommandInput): Command {
  const { restartPolicy: _r, placement: _p, forceUpdate: _f, ...run } = written.task.spec as typeof spec;
  return { ...written, task: { ...written.task, spec: run, ports: [...written.task.ports] } };
}

const decodeJson = (json: unknown) => decodeCommand(encodeJson(json));

describe('a command', () => {
  it('is read as it was written', () => {
    expect(decodeCommand(encodeCommand(command))).toEqual(taken(command));
    const whole = { ...command, cluster: 'c', wire: 1, needs: ['spec.containerSpec.env'] };
    expect(decodeCommand(encodeCommand(whole))).toEqual({ ...taken(command), cluster: 'c' });
    expect(encodeCommand(whole)).toEqual(encodeJson(whole));
    expect(decodeCommand(encodeCommand(forget))).toEqual(forget);
  });

  it('says the team of its service, where it is not the default one', () => {
    const service = { ...command.task.service, id: 'another', team: 'blue' };
    const ofTeam = commandOf({ service });
    expect(decodeCommand(encodeCommand(ofTeam))).toEqual(taken(ofTeam));
    expect(taken(ofTeam)).toMatchObject({ task: { service: { team: 'blue' } } });
  });

  it('is JSON like any other', () => {
    expect(JSON.parse(new TextDecoder().decode(encodeCommand(command)))).toEqual(command);
    expect(encodeCommand(command)).toEqual(encodeJson(command));
    const { type, ...rest } = command;
    const reversed = { ...Object.fromEntries(Object.entries(rest).reverse()), type };
    expect(decodeJson(reversed)).toEqual(taken(command));
  });

  it('may hold whatever looks like the part that tasks have in common', () => {
    const odd = commandOf({
      name: ',"service":{"id":"x"}',
      service: { id: 's', name: 'web', labels: { service: ',"service":{' } },
    });
    expect(decodeCommand(encodeCommand(odd))).toEqual(taken(odd));
    const [first, ...others] = Object.entries(command.task).reverse();
    const mixed = { ...command, task: Object.fromEntries([...others, first!]) };
    expect(decodeJson(mixed)).toEqual(taken(command));
  });

  it('has one spec for all tasks that have it, and says when it is another one', () => {
    const read = (task: Partial<TaskCommandInput['task']>) => {
      const decoded = decodeCommand(encodeCommand(commandOf(task)));
      expect(decoded).toEqual(taken(commandOf(task)));
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
    ['another type', { ...command, type: 'dance' }, 'type must be task or forget'],
    ['a state that nobody may ask for', { ...command, desired: 'failed' }, 'desired must be one of '],
    ['no basis', { ...command, basis: undefined }, 'basis is missing'],
    ['half a basis', { ...forget, basis: 1.5 }, 'basis must be integer'],
    ['no version', { ...forget, v: undefined }, 'v is missing'],
    ['a list', [command], 'type must be task or forget'],
  ])('is not %s', (_what, payload, reason) => {
    expect(() => decodeJson(payload)).toThrow(reason);
  });
});

describe('a command that can not be run as it is', () => {
  const { task } = command;
  it.each([
    ['another version', { ...command, v: 2 }, 'its command is of version 2: upgrade the agent of this node'],
    ['no name', { ...command, task: { ...task, name: undefined } }, 'name is missing'],
    ['no spec', { ...command, task: { ...task, spec: undefined } }, 'spec.containerSpec is missing'],
    ['no task', { ...command, task: 5 }, 'is missing'],
    ['odd needs', { ...command, needs: 'all' }, 'needs must be array'],
    [
      'odd values',
      commandWith({ stopGracePeriod: '10s' }),
      'spec.containerSpec.stopGracePeriod must be integer',
    ],
    [
      'a kind of mount that came later',
      commandWith({ mounts: [{ type: 'cluster', target: '/', readOnly: true }] }),
      'spec.containerSpec.mounts.0.type must be one of bind, volume, tmpfs',
    ],
  ])('still says what is wanted of the task: %s', (_what, payload, reason) => {
    const read = decodeJson(payload);
    expect(read).toEqual({
      type: 'refused',
      basis: 12,
      desired: 'running',
      reason: expect.stringContaining(reason),
    });
    // Written in the usual order or not.
    expect(decodeJson(Object.fromEntries(Object.entries(payload).reverse()))).toEqual(read);
  });

  it('of a younger dispatcher is refused by the name of what has to be understood', () => {
    const younger = {
      ...commandWith({ shmSize: 64, hints: 'x' }),
      wire: 9,
      needs: ['spec.containerSpec.shmSize', 'spec.containerSpec.env', 'spec.secrets'],
    };
    expect(decodeJson(younger)).toMatchObject({
      type: 'refused',
      desired: 'running',
      reason:
        'spec.containerSpec.shmSize, spec.secrets: this agent does not know it: upgrade the agent of this node',
    });
    expect(decodeJson({ ...younger, needs: ['spec.containerSpec.mounts.*.target'] })).toEqual(taken(command));
  });

  it('of a younger dispatcher says so when the rest is odd', () => {
    expect(decodeJson({ ...commandWith({ env: { A: '1' } }), wire: 9 })).toMatchObject({
      reason: /env must be array: upgrade the agent of this node$/,
    });
  });

  it('does not need what is for reducers', () => {
    const { restartPolicy: _, ...without } = spec;
    const odd = { ...without, placement: { platforms: 'any' } };
    expect(decodeJson({ ...command, task: { ...task, spec: odd } })).toEqual(taken(command));
  });

  it('is always one to forget, whatever its version', () => {
    expect(decodeJson({ ...forget, v: 7, why: 'because' })).toEqual(forget);
  });
});

describe('a command in an older form', () => {
  const upcasters = taskSpecForm.upcasters as Record<number, (old: Record<string, unknown>) => object>;
  afterEach(() => {
    delete upcasters[2];
  });

  it('is brought up to ours', () => {
    upcasters[2] = ({ image, ...rest }) => {
      if (image === undefined) throw new Error('no image');
      return { ...rest, containerSpec: { ...spec.containerSpec, image } };
    };
    const { containerSpec: _, ...rest } = spec;
    const old = (image: unknown) => ({ ...command, task: { ...command.task, spec: { ...rest, image } } });
    expect(decodeJson(old('nginx'))).toEqual(taken(command));
    expect(decodeJson({ ...command, wire: 2 })).toEqual(taken(command));
    expect(decodeJson(old(undefined))).toMatchObject({
      type: 'refused',
      reason: "its spec can't be read: no image",
    });
  });
});

describe('a field that an agent does not know', () => {
  it('is lived through wherever it is', () => {
    const whole = { ...command, cluster: 'c', needs: ['spec.containerSpec.env'] };
    const all = [...grow(whole), ...grow(forget)];
    expect(all.length).toBeGreaterThan(10);
    for (const grown of all) {
      const expected = grown.type === 'forget' ? forget : { ...taken(command), cluster: 'c' };
      expect(decodeJson(grown)).toEqual(expected);
      expect(decodeJson(Object.fromEntries(Object.entries(grown).reverse()))).toEqual(expected);
    }
  });
});

/** The same with one more field, once in every object; keys of labels are anybody's. */
function grow<T>(value: T): T[] {
  if (typeof value !== 'object' || value === null) return [];
  const here = Array.isArray(value) ? [] : [{ ...value, younger: { and: [{ service: 'more' }] } }];
  const inside = Object.entries(value).flatMap(([key, of]) =>
    key === 'labels' ? [] : grow(of).map((grown) => place(value, key, grown)),
  );
  return [...here, ...inside];
}

function place<T>(value: T, key: string, grown: unknown): T {
  const copy = Array.isArray(value) ? value.with(Number(key), grown) : { ...value, [key]: grown };
  return copy as T;
}

function commandWith(fields: object): object {
  const containerSpec = { ...spec.containerSpec, ...fields };
  return { ...command, task: { ...command.task, spec: { ...spec, containerSpec } } };
}
