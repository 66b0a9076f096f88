import { describe, expect, it } from 'vitest';
import { makeOrder } from '../backend.contract.ts';
import { RejectedError } from '../backend.ts';
import { configureContainer } from './container-config.ts';

describe('the settings of a container', () => {
  it('leave to the image and the engine what the spec does not say', () => {
    const order = makeOrder({ containerSpec: { image: 'web' } }, 'n', 1);
    const { Labels, ...settings } = configureContainer(order, { clusterName: 'c', nodeId: 'n' });
    expect(settings).toEqual({
      Image: 'web',
      Env: [],
      StopTimeout: 10,
      Tty: false,
      ExposedPorts: {},
      HostConfig: {
        PortBindings: {},
        Mounts: [],
        ReadonlyRootfs: false,
        RestartPolicy: { Name: 'no' },
      },
    });
    expect(Object.keys(Labels!)).toHaveLength(8);
  });

  it('keep the image’s entrypoint when there are only arguments', () => {
    const order = makeOrder({ containerSpec: { image: 'web', args: ['-v'] } }, 'n', 1);
    const settings = configureContainer(order, { clusterName: 'c', nodeId: 'n' });
    expect(settings.Cmd).toEqual(['-v']);
    expect(settings).not.toHaveProperty('Entrypoint');
  });

  it.each(['host', 'none', 'bridge'])('put it on a network that every engine has: %s', (target) => {
    const order = makeOrder({ containerSpec: { image: 'web' }, networks: [{ target }] }, 'n', 1);
    const settings = configureContainer(order, { clusterName: 'c', nodeId: 'n' });
    expect(settings.HostConfig).toMatchObject({ NetworkMode: target });
  });

  it('can not put it on a network of the cluster', () => {
    const order = makeOrder(
      { containerSpec: { image: 'web' }, networks: [{ target: 'n'.repeat(25) }] },
      'n',
      1,
    );
    expect(() => configureContainer(order, { clusterName: 'c', nodeId: 'n' })).toThrow(RejectedError);
  });

  it('name the team in a label, which nobody sets by himself', () => {
    const containerSpec = { image: 'web', labels: { 'muster.team': 'red', tier: 'front' } };
    const order = makeOrder({ containerSpec }, 'n', 1);
    const owner = { clusterName: 'c', nodeId: 'n' };
    expect(configureContainer(order, owner).Labels).not.toHaveProperty(['muster.team']);
    const identity = { ...order.identity, team: 'blue' };
    expect(configureContainer({ ...order, identity }, owner).Labels).toMatchObject({
      'muster.team': 'blue',
      tier: 'front',
    });
  });
});
