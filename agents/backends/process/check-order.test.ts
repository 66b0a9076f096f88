import { describe, expect, it } from 'vitest';
import { makeOrder, type SpecInput } from '../backend.contract.ts';
import { RejectedError } from '../backend.ts';
import { checkOrder, nameSignal } from './check-order.ts';

const order = (containerSpec: Record<string, unknown>, more: Record<string, unknown> = {}) =>
  makeOrder({ containerSpec: { command: ['true'], ...containerSpec }, ...more } as SpecInput, 'node', 1);

describe('what the process backend refuses', () => {
  it.each([
    ['image', order({ image: 'nginx' })],
    ['command', order({ command: [] })],
    ['user', order({ user: 'nobody' })],
    ['hostname', order({ hostname: 'web' })],
    ['mounts', order({ mounts: [{ type: 'tmpfs', target: '/tmp' }] })],
    ['tty', order({ tty: true })],
    ['init', order({ init: true })],
    ['readOnly', order({ readOnly: true })],
    ['resources.limits.nanoCpus', order({}, { resources: { limits: { nanoCpus: 1e9 } } })],
    ['resources.limits.memoryBytes', order({}, { resources: { limits: { memoryBytes: 1 } } })],
    ['ports', { ...order({}), ports: [{ protocol: 'tcp' as const, targetPort: 80, publishedPort: 80 }] }],
    ['networks', order({}, { networks: [{ target: 'none' }] })],
    ['stopSignal', order({ stopSignal: 'SIGRTMIN+3' })],
  ])('%s, by name', (field, refused) => {
    expect(() => checkOrder(refused)).toThrow(RejectedError);
    expect(() => checkOrder(refused)).toThrow(new RegExp(`^${field}: not with the process backend: .+`));
  });

  it.each([
    order({}),
    order({ image: 'process' }),
    order({}, { networks: [{ target: 'host' }] }),
    order({ command: [], args: ['true'] }),
    order({ tty: false, init: false, readOnly: false, stopSignal: 'usr1', user: '' }),
    order({}, { resources: { reservations: { nanoCpus: 1e9, memoryBytes: 1 } } }),
  ])('nothing else', (accepted) => {
    expect(() => checkOrder(accepted)).not.toThrow();
  });

  it.each([
    [undefined, 'SIGTERM'],
    ['', 'SIGTERM'],
    ['SIGQUIT', 'SIGQUIT'],
    ['int', 'SIGINT'],
    ['9', 'SIGKILL'],
  ])('reads stop signal %j as %s', (text, signal) => {
    expect(nameSignal(text)).toBe(signal);
  });
});
