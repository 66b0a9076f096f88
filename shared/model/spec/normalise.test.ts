import { describe, expect, it } from 'vitest';
import { normaliseServiceSpec } from './normalise.ts';

function normalise(body: unknown) {
  const result = normaliseServiceSpec(body, 'web');
  if (!result.ok) throw new Error(result.refusal.message);
  return result.spec;
}

function fieldOf(body: unknown): string | undefined {
  const result = normaliseServiceSpec(body, 'web');
  if (result.ok) throw new Error('it is accepted');
  return result.refusal.field;
}

describe('the short and the long form of a service', () => {
  it.each<[string, object, object]>([
    [
      'image, command and args',
      { command: 'sh -c', args: ['echo a b'] },
      { containerSpec: { image: 'nginx', command: ['sh', '-c'], args: ['echo a b'] } },
    ],
    ['env', { env: { A: '1', B: 'x y' } }, { containerSpec: { image: 'nginx', env: ['A=1', 'B=x y'] } }],
    [
      'mounts',
      { mounts: ['/srv:/data:ro', 'cache:/cache', { type: 'tmpfs', target: '/tmp' }] },
      {
        containerSpec: {
          image: 'nginx',
          mounts: [
            { type: 'bind', source: '/srv', target: '/data', readOnly: true },
            { type: 'volume', source: 'cache', target: '/cache' },
            { type: 'tmpfs', target: '/tmp' },
          ],
        },
      },
    ],
    [
      'resources',
      { resources: { limits: { cpus: 0.5, memory: '64m' }, reservations: { cpus: '0.1' } } },
      { resources: { limits: { nanoCpus: 5e8, memoryBytes: 67_108_864 }, reservations: { nanoCpus: 1e8 } } },
    ],
    [
      'names and hosts',
      { dns: ['10.0.0.2'], hosts: ['db:10.0.0.1'] },
      {
        containerSpec: { image: 'nginx', dnsConfig: { nameservers: ['10.0.0.2'] }, hosts: ['10.0.0.1 db'] },
      },
    ],
    [
      'health and readiness',
      { health: 'curl -f localhost', ready: { test: ['CMD', 'ready'], interval: '2s' } },
      {
        containerSpec: {
          image: 'nginx',
          healthcheck: { test: ['CMD-SHELL', 'curl -f localhost'] },
          readiness: { test: ['CMD', 'ready'], interval: 2e9 },
        },
      },
    ],
    ['restart', { restart: 'on-failure' }, { restartPolicy: { condition: 'on-failure' } }],
    ['placement', { placement: ['node.labels.a==b'] }, { placement: { constraints: ['node.labels.a==b'] } }],
    [
      'preferences',
      { placement: { preferences: ['spread=node.labels.a'] } },
      { placement: { preferences: [{ spread: { spreadDescriptor: 'node.labels.a' } }] } },
    ],
  ])('say the same about %s', (_, short, template) => {
    const taskTemplate = { containerSpec: { image: 'nginx' }, ...template };
    expect(normalise({ image: 'nginx', ...short })).toEqual(normalise({ taskTemplate }));
  });

  it('say the same about replicas, labels and ports', () => {
    const ports = ['target=80,mode=host', { target: 53, published: 5300, protocol: 'udp', mode: 'host' }];
    expect(normalise({ image: 'nginx', replicas: 3, labels: { a: 'b' }, ports })).toEqual(
      normalise({
        labels: { a: 'b' },
        taskTemplate: { containerSpec: { image: 'nginx' } },
        mode: { replicated: { replicas: 3 } },
        endpointSpec: {
          ports: [
            { targetPort: 80, publishMode: 'host' },
            { targetPort: 53, publishedPort: 5300, protocol: 'udp', publishMode: 'host' },
          ],
        },
      }),
    );
  });

  it('do not change when normalised again', () => {
    const spec = normalise({ image: 'nginx', ports: ['target=80,mode=host'], restart: { delay: '1s' } });
    expect(normalise(spec)).toEqual(spec);
  });
});

describe('what no node could run is refused with the field and the reason', () => {
  it.each<[string, object, string]>([
    ['env.1', { env: ['A=1', '=x'] }, 'ContainerSpec: invalid environment variable: =x'],
    ['env.0', { env: [''] }, 'ContainerSpec: invalid environment variable: '],
    ['env.0', { env: { '': 'x' } }, 'ContainerSpec: invalid environment variable: =x'],
    ['args.0', { args: ['a\0b'] }, 'ContainerSpec: args.0 holds a NUL character'],
    ['stopSignal', { stopSignal: 'SIGNOTHING' }, 'ContainerSpec: invalid signal: SIGNOTHING'],
    ['stopSignal', { stopSignal: '0' }, 'ContainerSpec: invalid signal: 0'],
    ['hostname', { hostname: 'é'.repeat(33) }, expect.stringContaining('has 64 bytes at most')],
    [
      'dir',
      { dir: 'srv' },
      "ContainerSpec: the working directory 'srv' is invalid, it needs to be an absolute path",
    ],
    ['mounts.0', { mounts: ['../up:/data'] }, expect.stringContaining('invalid volume name "../up"')],
    [
      'mounts.0',
      { mounts: ['type=volume,src=/a,dst=/b'] },
      expect.stringContaining('must not be an absolute'),
    ],
    ['mounts.0', { mounts: ['type=tmpfs,src=ab,dst=/b'] }, expect.stringContaining('must be empty')],
    ['mounts.0', { mounts: ['data:/../'] }, expect.stringContaining("can't be '/'")],
    [
      'mounts.1',
      { mounts: ['d1:/data', 'd2:/x/../data/'] },
      'ContainerSpec: duplicate mount point: /x/../data/',
    ],
    [
      'health.interval',
      { health: { interval: 1 } },
      'ContainerSpec: Interval in HealthConfig cannot be less than 1ms',
    ],
    [
      'health.startInterval',
      { health: { startInterval: '-1s' } },
      'ContainerSpec: StartInterval in HealthConfig cannot be less than 1ms',
    ],
    [
      'health.retries',
      { health: { retries: -1 } },
      'ContainerSpec: Retries in HealthConfig cannot be negative',
    ],
    ['dns.nameservers.0', { dns: ['x'] }, 'ContainerSpec: IP address is not correctly formatted: x'],
    ['dns.search.1', { dns: { search: ['.', 'a b'] } }, 'ContainerSpec: a b is not a valid domain'],
    ['dns.options.0', { dns: { options: ['a\nb'] } }, expect.stringContaining('invalid DNS option')],
    ['hosts.0', { networks: ['net'], hosts: ['up:host-gateway'] }, expect.stringContaining('host-gateway')],
    ['health.test', { health: { test: ['curl'] } }, expect.stringContaining("type 'curl'")],
    ['health.test', { health: { test: ['CMD'] } }, 'ContainerSpec: health.test names no command'],
    ['ready.test', { ready: { interval: '1s' } }, 'ContainerSpec: readiness needs a command'],
    [
      'env.0',
      { env: ['A=x{{.Nothing}}{{.B}}'] },
      expect.stringContaining(
        'ContainerSpec: expanding env failed: expanding env "A=x{{.Nothing}}{{.B}}": template: at <.Nothing>',
      ),
    ],
    ['env.0', { env: ['A={{open'] }, expect.stringContaining('expanding env failed')],
    ['env.0', { env: ['A={{.Service.Labels.none}}'] }, expect.stringContaining('no entry for key "none"')],
    [
      'env.0',
      { env: ['A={{range 9999}}{{range 9999}}x{{end}}{{end}}'] },
      expect.stringContaining('10000 steps'),
    ],
    [
      'env.0',
      { env: [`A=${'{{printf "%65000s" ""}}'.repeat(2)}`] },
      expect.stringContaining('65536 characters'),
    ],
    ['env.0', { env: [`A={{${'('.repeat(100_000)}`] }, expect.stringContaining('expanding env failed')],
    ['hostname', { hostname: '{{.Node.Hostname}}{{printf "%060d" 0}}' }, expect.stringContaining('64 bytes')],
    ['mounts.0', { mounts: ['{{.Task.Slot}}:/a'] }, expect.stringContaining('invalid volume name "1"')],
  ])('%s: %j', (field, body, message) => {
    expect(normaliseServiceSpec({ image: 'nginx', ...body }, 'web')).toMatchObject({
      ok: false,
      refusal: { field, message },
    });
  });

  it.each<[object]>([
    [
      {
        env: ['A={{.Task.Slot}}', 'B={{index .Service.Labels "x"}}'],
        hostname: '{{.Service.Name}}-{{.Task.Slot}}',
      },
    ],
    [{ labels: { x: 'y' }, env: ['A={{.Service.Labels.x}}'], mounts: ['v{{.Task.ID}}:/a'] }],
    [{ args: ['--format', '{{.ID}}'], labels: { a: '{{b}}' } }],
    [{ env: ['ONLY_A_NAME', 'A B=1', 'C='], stopSignal: 'sigrtmin+15', dir: '/srv', hostname: 'web-1' }],
    [{ health: { test: ['NONE'] } }],
    [{ stopSignal: '15', mounts: ['/srv:/a', 'data_1:/b', { type: 'tmpfs', target: '/tmp' }] }],
  ])('and nothing else: %j', (body) => {
    expect(normaliseServiceSpec({ image: 'nginx', ...body }, 'web')).toMatchObject({ ok: true });
  });
});

it('refuses templates until every agent fills them in', () => {
  const body = { image: 'nginx', hostname: 'h-{{.Node.Hostname}}' };
  expect(normaliseServiceSpec(body, 'web', 1)).toMatchObject({
    refusal: {
      kind: 'unsupported',
      field: 'hostname',
      message: expect.stringContaining('the template {{.Node.Hostname}} in hostname is not supported yet'),
    },
  });
});

it.each<[object, string]>([
  [{ resources: { limits: { memory: '9999999p' } } }, 'at most 9007199254740991 is allowed'],
  [{ replicas: 1e30 }, 'at most 9007199254740991 is allowed'],
  [{ restart: { maxAttempts: -1 } }, 'at least 0 is allowed'],
  [{ replicas: 1.5 }, 'an integer is needed'],
  [{ restart: { delay: '2502h' } }, 'at most 2501h59m59s are allowed'],
  [{ ports: ['target=80,mode=host,published=70000'] }, 'at most 65535 is allowed'],
])('says in its own words what the limit is: %j', (body, words) => {
  const { refusal } = normaliseServiceSpec({ image: 'nginx', ...body }, 'web') as {
    refusal: { message: string };
  };
  expect(refusal.message).toContain(words);
  expect(refusal.message).not.toContain('expected');
});

function inZones(...preferences: readonly string[]): object {
  return { image: 'nginx', placement: { preferences } };
}

describe('a refusal names the field', () => {
  it.each<[string | undefined, object]>([
    ['replcas', { image: 'nginx', replcas: 3 }],
    ['replicas', { image: 'nginx', replicas: -1 }],
    ['image', { image: 'Not An Image' }],
    ['image', {}],
    ['networks.0.name', { image: 'nginx', networks: [{ name: '' }] }],
    ['mode.globalJob', { image: 'nginx', mode: 'global-job' }],
    ['ports.0.published', { image: 'nginx', ports: ['99999:80'] }],
    ['ports.1.target', { image: 'nginx', ports: ['target=80,mode=host', { target: 0, mode: 'host' }] }],
    ['restart.maxAttempts', { image: 'nginx', restart: { maxAttempts: -1 } }],
    ['placement.preferences.0', { image: 'nginx', placement: { preferences: ['spread'] } }],
    ['placement.preferences.1', inZones('spread=node.labels.a', 'pack=node.labels.a')],
    ['placement.preferences.1', inZones('spread=ENGINE.labels.a', 'spread=node.hostname')],
    ['placement.preferences.0', inZones('spread=node.labels.')],
    ['placement.preferences', inZones(...Array(17).fill('spread=node.labels.a'))],
    ['resources.limits.mem', { image: 'nginx', resources: { limits: { mem: 1 } } }],
  ])('%s, as it is in the short form', (field, body) => {
    expect(fieldOf(body)).toBe(field);
  });

  it.each<[string, object]>([
    ['taskTemplate.logDriver', { taskTemplate: { containerSpec: { image: 'nginx' }, logDriver: {} } }],
    ['image', { image: 'nginx', taskTemplate: {} }],
    [
      'endpointSpec.ports.0.publishedPort',
      {
        taskTemplate: { containerSpec: { image: 'nginx' } },
        endpointSpec: { ports: [{ targetPort: 80, publishedPort: 99_999 }] },
      },
    ],
  ])('%s, as it is in the long form', (field, body) => {
    expect(fieldOf(body)).toBe(field);
  });
});
