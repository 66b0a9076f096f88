import { normaliseServiceSpec, type ServiceSpec, serviceSpecSchema } from '@muster/model';
import { Command, Option } from 'commander';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildSpec, type ClientSide, changeSpec, type FlagValues } from './build-spec.ts';
import { allowEqualSigns } from './equal-signs.ts';
import { spanValue, testValue } from './health-flags.ts';
import { addCreateOptions, addUpdateOptions } from './service-options.ts';
import { listFlags, scalarFlags } from './spec-flags.ts';
import { refuseFlags, unsupportedOnCreate, unsupportedOnUpdate } from './unsupported.ts';
import {
  cpusValue,
  durationValue,
  memoryValue,
  ratioValue,
  switchValue,
  textValue,
  wholeValue,
  wordsValue,
} from './values.ts';

const client: ClientSide = {
  env: { HOME: '/root' },
  readFile: () => '# a comment\nFROM_FILE=1\n\nHOME\nNOT_HERE\nA=file\n',
};

function parser(addOptions: (command: Command) => void): Command {
  const root = new Command().exitOverride().enablePositionalOptions();
  const command = root.command('x').argument('[image]').argument('[args...]').passThroughOptions();
  command.configureOutput({ writeErr: () => undefined });
  addOptions(command);
  allowEqualSigns(command);
  return command;
}

function create(...argv: readonly string[]): Record<string, unknown> {
  const command = parser(addCreateOptions).parse([...argv], { from: 'user' });
  const [image = '', ...args] = command.args;
  return buildSpec(image, args, { ...command.opts<FlagValues>(), name: 'web' }, client);
}

function update(spec: ServiceSpec, ...argv: readonly string[]): ServiceSpec {
  const command = parser(addUpdateOptions).parse([...argv], { from: 'user' });
  return changeSpec(spec, command.opts<FlagValues>(), client);
}

function complete(spec: unknown): ServiceSpec {
  return serviceSpecSchema.parse(spec);
}

function at(spec: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], spec);
}

/** A text that the flag reads, with the value it stands for. */
const sampleOf = new Map<unknown, fc.Arbitrary<readonly [text: string, value: unknown]>>([
  [wholeValue, fc.nat(1000).map((n) => [String(n), n] as const)],
  [durationValue, fc.nat(10_000).map((ms) => [`${ms}ms`, ms * 1e6] as const)],
  [spanValue, fc.nat(10_000).map((ms) => [`${ms}ms`, ms * 1e6] as const)],
  [testValue, fc.stringMatching(/^[a-z]{1,8}$/).map((text) => [text, ['CMD-SHELL', text]] as const)],
  [memoryValue, fc.nat(1000).map((mega) => [`${mega}m`, mega * 1024 ** 2] as const)],
  [ratioValue, fc.nat(100).map((n) => [String(n / 100), n / 100] as const)],
  [cpusValue, fc.nat(100).map((n) => [String(n / 10), n * 1e8] as const)],
  [textValue, fc.stringMatching(/^[a-z]{1,8}$/).map((text) => [text, text] as const)],
  [wordsValue, fc.stringMatching(/^[a-z]{1,5} [a-z]{1,5}$/).map((text) => [text, text.split(' ')] as const)],
]);

const samples = scalarFlags.map((flag) => {
  const option = new Option(flag.flags);
  const sample =
    flag.parse === switchValue
      ? fc.constantFrom(
          [[`--${option.name()}`], true] as const,
          [[`--${option.name()}=false`], false] as const,
        )
      : (flag.choices
          ? fc.constantFrom(...flag.choices).map((text) => [text, text] as const)
          : sampleOf.get(flag.parse)!
        ).map(([text, value]) => [[`--${option.name()}`, text], value] as const);
  return { flag, sample };
});

describe('every flag with one value', () => {
  it.each(samples.map(({ flag, sample }) => [flag.flags, flag, sample] as const))(
    '%s lands in the spec',
    (_, flag, sample) => {
      fc.assert(
        fc.property(sample, ([argv, value]) => {
          expect(at(create(...argv, 'nginx'), flag.path)).toEqual(value);
          expect(at(update(complete({ name: 'web' }), ...argv), flag.path)).toEqual(value);
        }),
        { numRuns: 20 },
      );
    },
  );

  it('lands there together with any others, and nothing else does', () => {
    const some = fc
      .subarray(samples)
      .chain((chosen) =>
        fc.tuple(...chosen.map(({ flag, sample }) => sample.map(([argv, value]) => ({ flag, argv, value })))),
      );
    fc.assert(
      fc.property(some, (given) => {
        const spec = create(...given.flatMap(({ argv }) => argv), 'nginx', 'run', '--tty=false', '-x');
        const rest = structuredClone(spec);
        for (const { flag, value } of given) {
          expect(at(spec, flag.path)).toEqual(value);
          delete (at(rest, flag.path.slice(0, -1)) as Record<string, unknown>)[flag.path.at(-1)!];
        }
        expect(leaves(rest)).toEqual({
          name: 'web',
          'taskTemplate.containerSpec.image': 'nginx',
          'taskTemplate.containerSpec.args': ['run', '--tty=false', '-x'],
        });
        // The schema keeps every one of them.
        for (const { flag, value } of given) expect(at(complete(spec), flag.path)).toEqual(value);
      }),
      { numRuns: 100 },
    );
  });
});

/** What is not an object, by its path. */
function leaves(value: unknown, path = ''): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { [path]: value };
  return Object.entries(value).reduce(
    (all, [key, inner]) => Object.assign(all, leaves(inner, path === '' ? key : `${path}.${key}`)),
    {},
  );
}

const listSamples: Readonly<Record<string, readonly [given: string[], place: unknown]>> = {
  dns: [
    ['10.0.0.2', 'fd00::2'],
    ['10.0.0.2', 'fd00::2'],
  ],
  'dns-search': [
    ['a.example', 'b.'],
    ['a.example', 'b.'],
  ],
  'dns-option': [
    ['ndots:2', 'rotate'],
    ['ndots:2', 'rotate'],
  ],
  host: [
    ['db:10.0.0.1', 'up=host-gateway', 'six:[fd00::1]'],
    ['10.0.0.1 db', 'host-gateway up', 'fd00::1 six'],
  ],
  env: [
    ['A=1', 'B=2=3'],
    ['A=1', 'B=2=3'],
  ],
  label: [['a=1', 'b'], { a: '1', b: '' }],
  'container-label': [['a=1', 'a=2'], { a: '2' }],
  constraint: [
    ['node.hostname==n1', 'node.labels.zone!=b'],
    ['node.hostname==n1', 'node.labels.zone!=b'],
  ],
  'placement-pref': [
    ['spread=node.labels.zone', 'spread=engine.labels.a=b'],
    [
      { spread: { spreadDescriptor: 'node.labels.zone' } },
      { spread: { spreadDescriptor: 'engine.labels.a=b' } },
    ],
  ],
  publish: [
    ['8080:80', 'published=53,"target=53",protocol=UDP,MODE=Host'],
    [
      { targetPort: 80, publishedPort: 8080 },
      { targetPort: 53, publishedPort: 53, protocol: 'udp', publishMode: 'host' },
    ],
  ],
  mount: [
    ['"source=/srv/a,b",TYPE=Bind,target=/data,readonly', 'data:/var/lib'],
    [
      { type: 'bind', source: '/srv/a,b', target: '/data', readOnly: true },
      { type: 'volume', source: 'data', target: '/var/lib', readOnly: false },
    ],
  ],
  network: [
    ['front', 'name=back,alias=db,ALIAS=store'],
    [
      { target: 'front', aliases: [], driverOpts: {} },
      { target: 'back', aliases: ['db', 'store'], driverOpts: {} },
    ],
  ],
};

describe('every flag with many values', () => {
  it.each(listFlags.map((list) => [list.name, list] as const))(
    '--%s lands in the spec, on create and update',
    (name, list) => {
      const [given, place] = listSamples[name]!;
      const flags = (suffix: string) => given.flatMap((value) => [`--${name}${suffix}`, value]);
      expect(at(create(...flags(''), 'nginx'), list.path)).toEqual(place);
      if (list.short !== undefined) {
        expect(
          at(create(...given.flatMap((value) => [`-${list.short}`, value]), 'nginx'), list.path),
        ).toEqual(place);
      }
      expect(at(update(complete({ name: 'web' }), ...flags('-add')), list.path)).toEqual(place);
    },
  );

  it.each([
    ['--env-rm', 'A', 'env', ['B=2=3']],
    ['--label-rm', 'a', 'label', { b: '' }],
    ['--container-label-rm', 'a', 'container-label', {}],
    ['--constraint-rm', 'node.hostname==n1', 'constraint', ['node.labels.zone!=b']],
    [
      '--placement-pref-rm',
      'spread=engine.labels.a=b',
      'placement-pref',
      [{ spread: { spreadDescriptor: 'node.labels.zone' } }],
    ],
    [
      '--mount-rm',
      '/data',
      'mount',
      [{ type: 'volume', source: 'data', target: '/var/lib', readOnly: false }],
    ],
  ])('%s %s takes away', (flag, value, name, place) => {
    const list = listFlags.find((candidate) => candidate.name === name)!;
    const spec = complete(create(...listSamples[name]![0].flatMap((given) => [`--${name}`, given]), 'nginx'));
    expect(at(update(spec, flag, value), list.path)).toEqual(place);
  });

  it.each([
    ['80', [53]],
    ['80/tcp', [53]],
    ['target=80', [53]],
    ['80/udp', [8080, 8081, 53]],
    ['published=8081,target=80,mode=host', [8080, 53]],
    ['8080:80', [8081, 53]],
    ['target=80,mode=ingress', [8080, 8081, 53]],
  ])('--publish-rm %s takes away what it names, and leaves %j', (removal, left) => {
    const ports = ['published=8080,target=80,mode=host', 'published=8081,target=80,mode=host', '53:53/udp'];
    const spec = complete(create(...ports.flatMap((port) => ['-p', port]), 'nginx'));
    expect(update(spec, '--publish-rm', removal).endpointSpec.ports.map((one) => one.publishedPort)).toEqual(
      left,
    );
  });

  it('adding what is there already replaces it', () => {
    const spec = complete(create('-e', 'A=1', '-e', 'B=1', '--mount', 'v1:/a', '--mount', 'v2:/b', 'nginx'));
    const changed = update(spec, '--env-add', 'A=2', '--mount-add', 'v3:/a').taskTemplate.containerSpec;
    expect(changed.env).toEqual(['A=2', 'B=1']);
    expect(changed.mounts).toMatchObject([{ source: 'v3' }, { source: 'v2' }]);
  });

  const host = (published: number) => `published=${published},target=80,mode=host`;
  const publishedPorts = (spec: ServiceSpec) => spec.endpointSpec.ports.map((port) => port.publishedPort);

  it('publishes one port of the container as often as it is asked for', () => {
    const spec = complete(create('-p', host(8080), '-p', host(8081), 'nginx'));
    expect(publishedPorts(spec)).toEqual([8080, 8081]);
    expect(publishedPorts(update(spec, '--publish-add', host(8082)))).toEqual([8080, 8081, 8082]);
    expect(complete(update(spec, '--publish-add', host(8080)))).toEqual(spec);
    expect(publishedPorts(update(spec, '--publish-rm', '80', '--publish-add', host(1)))).toEqual([1]);
  });

  it('passes on what stands twice where it can stand once, so that the cluster says no', () => {
    const spec = create('--mount', 'v1:/a', '--mount', 'v2:/a', 'nginx');
    const refused = { ok: false, refusal: { message: 'ContainerSpec: duplicate mount point: /a' } };
    expect(normaliseServiceSpec(spec, 'web')).toMatchObject(refused);
    const one = complete(create('--mount', 'v1:/a', 'nginx'));
    const changed = update(one, '--mount-add', 'v2:/a', '--mount-add', 'v3:/a');
    expect(normaliseServiceSpec(changed, 'web')).toMatchObject(refused);
    const twice = create('-p', host(80), '-p', host(80), 'nginx');
    expect(normaliseServiceSpec(twice, 'web')).toMatchObject({ ok: false, refusal: { field: 'ports.1' } });
  });
});

it.each([
  ['--restart-condition', 'On-Failure', ['taskTemplate', 'restartPolicy', 'condition'], 'on-failure'],
  ['--update-order', 'START-FIRST', ['updateConfig', 'order'], 'start-first'],
])('reads %s %s without regard to case', (flag, value, path, word) => {
  expect(at(create(flag, value, 'nginx'), path)).toBe(word);
});

it('takes variables from files and from here, the last of a name winning', () => {
  const spec = create('--env-file', 'x.env', '-e', 'A=flag', '-e', 'HOME', '-e', 'NOT_HERE', 'nginx');
  expect(at(spec, ['taskTemplate', 'containerSpec', 'env'])).toEqual(['FROM_FILE=1', 'HOME=/root', 'A=flag']);
});

it.each([
  ['=x', "no variable name on line '=x'"],
  ['A B=1', "variable 'A B' contains whitespaces"],
])('refuses a line of a file: %s', (line, says) => {
  const flags = { name: 'web', envFile: ['x.env'] };
  expect(() => buildSpec('nginx', [], flags, { ...client, readFile: () => line })).toThrow(
    `invalid env file (x.env): ${says}`,
  );
});

it('leaves everything alone that is not asked for', () => {
  const spec = complete(
    create('--replicas', '3', '-e', 'A=1', '-l', 'x=y', '-t', '--limit-memory', '64m', 'nginx', 'run'),
  );
  expect(update(spec)).toEqual(spec);
  expect(update(spec, '--image', 'nginx:2')).toEqual({
    ...spec,
    taskTemplate: {
      ...spec.taskTemplate,
      containerSpec: { ...spec.taskTemplate.containerSpec, image: 'nginx:2' },
    },
  });
});

it('changes arguments, and raises the counter that forces', () => {
  const spec = complete(create('nginx', 'run'));
  expect(update(spec, '--args', `sh -c 'a b'`).taskTemplate.containerSpec.args).toEqual(['sh', '-c', 'a b']);
  expect(update(spec, '--args', '').taskTemplate.containerSpec.args).toEqual([]);
  expect(update(update(spec, '--force'), '--force').taskTemplate.forceUpdate).toBe(2);
});

it('takes a mode, and replicas with one that has them only', () => {
  expect(create('--mode', 'global', 'nginx')).toMatchObject({ mode: { global: {} } });
  expect(create('--mode', 'replicated', '--replicas', '2', 'nginx')).toMatchObject({
    mode: { replicated: { replicas: 2 } },
  });
  expect(() => create('--mode', 'global', '--replicas', '2', 'nginx')).toThrow(
    'replicas can only be used with replicated or replicated-job mode',
  );
});

it('passes a mode on that only the cluster can refuse', () => {
  expect(create('nginx')).not.toHaveProperty('mode');
  const body = create('--mode', 'global-job', 'nginx');
  expect(normaliseServiceSpec(body, 'web')).toMatchObject({
    ok: false,
    refusal: { kind: 'unsupported', field: 'mode.globalJob' },
  });
  for (const mode of ['sometimes', 'constructor', '__proto__']) {
    expect(() => create('--mode', mode, 'nginx')).toThrow(`Unknown mode: ${mode}`);
  }
});

it.each([
  ['--limit-cpu', 'many'],
  ['--limit-cpu', '0.0000000001'],
  ['--limit-memory', '64q'],
  ['--replicas', '99999999999999999999'],
  ['-e', '=x'],
  ['-l', '=x'],
  ['--container-label', 'a b=c'],
  ['--env', ''],
  ['--restart-delay', '5'],
  ['--replicas', '-1'],
  ['--restart-condition', 'always'],
  ['--publish', '80:x'],
  ['--placement-pref', 'node.labels.zone'],
  ['--placement-pref', 'pack=node.labels.zone'],
  ['--mount', 'type=floppy,target=/a'],
  ['--mount', 'type=bind,"source=/a,target=/b'],
  ['--publish-rm', 'http'],
  ['--entrypoint', `sh -c 'open`],
])('refuses %s %s', (flag, value) => {
  expect(() => create(flag, value, 'nginx')).toThrow();
});

describe('names and hosts', () => {
  const lines = ['10.0.0.1 db old', '10.0.0.2 db'];
  const before = complete({ name: 'web', taskTemplate: { containerSpec: { hosts: lines } } });
  const of = (spec: ServiceSpec) => spec.taskTemplate.containerSpec;

  it.each<[string, string[]]>([
    ['db', ['10.0.0.1 old']],
    ['db:10.0.0.2', ['10.0.0.1 db old']],
    ['old', ['10.0.0.1 db', '10.0.0.2 db']],
    ['none', lines],
  ])('--host-rm %s takes a name from the lines that have it', (name, left) => {
    expect(of(update(before, '--host-rm', name)).hosts).toEqual(left);
  });

  it('are in order after an update, and are not there for having been removed', () => {
    const more = update(before, '--dns-add', '10.0.0.9', '--dns-add', '10.0.0.2');
    expect(of(more).dnsConfig).toEqual({ nameservers: ['10.0.0.2', '10.0.0.9'] });
    expect(of(update(before, '--dns-rm', '10.0.0.9')).dnsConfig).toBeUndefined();
  });

  it.each([
    ['--dns', 'nobody', 'IP address is not correctly formatted: nobody'],
    ['--dns-search', '-a', '-a is not a valid domain'],
    ['--host', '10.0.0.1', 'bad format for add-host: "10.0.0.1"'],
    ['--host', 'db:here', 'invalid IP address in add-host: "here"'],
  ])('%s %s is refused in docker’s words', (flag, value, words) => {
    expect(() => create(`${flag}=${value}`, 'nginx')).toThrow(words);
  });
});

describe('health and readiness', () => {
  const before = complete({ name: 'web' });
  const none = update(before, '--no-healthcheck');
  const of = (spec: unknown, key: string) => at(spec, ['taskTemplate', 'containerSpec', key]);

  it('is none where none is wanted', () => {
    expect(of(create('--no-healthcheck', 'nginx'), 'healthcheck')).toEqual({ test: ['NONE'] });
    expect(of(none, 'healthcheck')).toEqual({ test: ['NONE'] });
    expect(of(update(before, '--no-healthcheck=false'), 'healthcheck')).toBeUndefined();
    expect(() => create('--no-healthcheck', '--health-retries', '2', 'nginx')).toThrow(
      '--no-healthcheck conflicts with --health-* options',
    );
  });

  it('is the image’s again where something else is said of it', () => {
    expect(of(update(none, '--health-interval', '2s'), 'healthcheck')).toEqual({ test: [], interval: 2e9 });
    expect(of(update(none, '--health-cmd', ''), 'healthcheck')).toEqual({ test: [] });
  });

  it('ends where the command is empty', () => {
    const ready = complete(create('--ready-cmd', 'true', '--ready-retries', '1', 'nginx'));
    expect(of(ready, 'readiness')).toMatchObject({ test: ['CMD-SHELL', 'true'], retries: 1 });
    expect(of(update(ready, '--ready-cmd', ''), 'readiness')).toBeUndefined();
    expect(of(update(ready, '--env-add', 'A=1'), 'readiness')).toEqual(of(ready, 'readiness'));
  });

  it('takes no time that is negative', () => {
    expect(() => create('--health-interval=-1s', 'nginx')).toThrow('duration cannot be negative');
  });
});

describe('what Docker has and muster has not yet', () => {
  const cases = [
    ...unsupportedOnCreate.map((flag) => ['create', flag] as const),
    ...unsupportedOnUpdate.map((flag) => ['update', flag] as const),
  ];
  it.each(cases)('service %s --%s is refused by name', (verb, flag) => {
    const command = parser((one) => {
      (verb === 'create' ? addCreateOptions : addUpdateOptions)(one);
      refuseFlags(one, verb === 'create' ? unsupportedOnCreate : unsupportedOnUpdate);
    });
    expect(() => command.parse([`--${flag}`, 'x', 'nginx'], { from: 'user' })).toThrow(
      `--${flag} is not supported by this version of muster`,
    );
  });
});
