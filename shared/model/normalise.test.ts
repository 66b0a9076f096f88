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

function inZones(...preferences: readonly string[]): object {
  return { image: 'nginx', placement: { preferences } };
}

describe('a refusal names the field', () => {
  it.each<[string | undefined, object]>([
    ['replcas', { image: 'nginx', replcas: 3 }],
    ['replicas', { image: 'nginx', replicas: -1 }],
    ['image', { image: 'Not An Image' }],
    ['image', {}],
    ['networks', { image: 'nginx', networks: ['front'] }],
    ['mode.global', { image: 'nginx', mode: 'global' }],
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
    ['taskTemplate.networks', { taskTemplate: { containerSpec: { image: 'nginx' }, networks: [] } }],
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
