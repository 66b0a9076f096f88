import { describe, expect, it } from 'vitest';
import { RejectedError } from '../backend.ts';
import { writeHosts, writeResolvConf } from './name-files.ts';

const dns = (more: object) => ({ dnsConfig: { nameservers: [], search: [], options: [], ...more } });

describe('the files of a task on networks', () => {
  it.each<[string, object, string]>([
    ['as Docker’s', {}, 'nameserver 169.254.1.1\noptions ndots:0\n'],
    [
      'with what is asked for, and the router for a server',
      dns({ nameservers: ['192.0.2.1'], search: ['a.example', '.', 'b'], options: ['rotate'] }),
      'nameserver 169.254.1.1\nsearch a.example b\noptions ndots:0 rotate\n',
    ],
    ['with other dots', dns({ options: ['ndots:2'] }), 'nameserver 169.254.1.1\noptions ndots:2\n'],
  ])('have names %s', (_, container, expected) => {
    expect(writeResolvConf(container)).toBe(expected);
  });

  it('have its hosts before itself', () => {
    const said = writeHosts('me', [{ address: '10.0.0.5' }], { hosts: ['192.0.2.1 db  old-db'] });
    expect(said.split('\n').slice(2)).toEqual(['192.0.2.1\tdb old-db', '10.0.0.5\tme', '']);
    expect(() => writeHosts('me', [], { hosts: ['host-gateway up'] })).toThrow(RejectedError);
  });
});
