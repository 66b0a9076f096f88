import { expect, it } from 'vitest';
import { endpointsSubject, parseEndpointsSubject } from '../subjects/subjects.ts';
import { decodeEndpoints, encodeEndpoints, type ServiceEndpoints } from './endpoints.ts';

const web: ServiceEndpoints = {
  v: 1,
  type: 'service',
  basis: 7,
  service: { id: 's1', name: 'web' },
  address: '10.0.3.200',
  aliases: ['www'],
  tasks: [{ id: 't1', slot: 1, name: 'web.1.t1', address: '10.0.3.70', node: 4 }],
};

it('reads what it writes', () => {
  expect(decodeEndpoints(encodeEndpoints(web))).toEqual(web);
  const gone = { v: 1, type: 'gone', basis: 9 } as const;
  expect(decodeEndpoints(encodeEndpoints(gone))).toEqual(gone);
});

it('leaves out what a younger dispatcher says beside', () => {
  const [task] = web.tasks;
  const younger = { ...web, weight: 3, tasks: [{ ...task, zone: 'a' }] };
  expect(decodeEndpoints(new TextEncoder().encode(JSON.stringify(younger)))).toEqual(web);
});

it('says what it can not read', () => {
  const read = (value: unknown) => () => decodeEndpoints(new TextEncoder().encode(JSON.stringify(value)));
  expect(read(null)).toThrow('type must be network, service or gone');
  expect(read({ ...web, v: 2 })).toThrow("the endpoints can't be read: v must be 1");
  expect(read({ ...web, tasks: [{ id: 't1' }] })).toThrow('tasks.0.slot is missing');
});

it('finds its way from a subject and back', () => {
  for (const of of [{ networkId: 'n1' }, { networkId: 'n1', serviceId: 's1' }])
    expect(parseEndpointsSubject(endpointsSubject(of))).toEqual(of);
  for (const odd of ['muster.endpoints.network', 'muster.endpoints.service.n1', 'muster.endpoints.x.n1'])
    expect(parseEndpointsSubject(odd)).toBeUndefined();
});
