import { describe, expect, it } from 'vitest';
import { decide } from './decide.ts';
import { directory } from './directory.fixture.ts';

const ask = (name: string, type = 'A', from = '10.0.3.7', turn = 0) =>
  decide({ name, type }, from, directory, turn);
const addresses = (...found: string[]) => ({ is: 'addresses', addresses: found, from: 0 });

describe('a name', () => {
  it.each(['web', 'WEB', 'wEb', 'web.front', 'Web.FRONT'])('%s is that of a service, in any case', (name) => {
    expect(ask(name)).toEqual(addresses('10.0.3.2'));
  });

  it('of tasks has the address of each, beginning with another one each time', () => {
    expect(ask('tasks.web')).toEqual(addresses('10.0.3.7', '10.0.3.8', '10.0.3.9'));
    const turns = [0, 0.33, 0.34, 0.67, 0.999].map((turn) => ask('tasks.web', 'A', '10.0.3.7', turn));
    expect(turns).toMatchObject([{ from: 0 }, { from: 0 }, { from: 1 }, { from: 2 }, { from: 2 }]);
  });

  it('may have dots, and is not asked of others then', () => {
    expect(ask('api.example.com')).toEqual(addresses('10.0.3.4'));
    expect(ask('api.example.com', 'AAAA')).toEqual({ is: 'nothing' });
    expect(ask('www.example.com')).toMatchObject({ is: 'forward' });
  });

  it('has the addresses of the family that is asked for', () => {
    expect(ask('dual')).toEqual(addresses('10.0.3.5'));
    expect(ask('dual', 'AAAA')).toEqual(addresses('fd00:3::5'));
    expect(ask('six', 'AAAA')).toEqual(addresses('fd00:3::6'));
  });

  it.each([
    ['web', 'AAAA'],
    ['six', 'A'],
    ['web', 'MX'],
    ['web', 'PTR'],
    ['web', 'UNKNOWN_65'],
    ['asleep', 'A'],
    ['asleep', 'AAAA'],
  ])('%s that has no %s exists all the same', (name, type) => {
    expect(ask(name, type)).toEqual({ is: 'nothing' });
  });

  it('that is asked about in general has its addresses', () => {
    expect(ask('web', 'ANY')).toEqual(addresses('10.0.3.2'));
  });

  it('of a task of nobody is not asked of others', () => {
    expect(ask('tasks.nobody')).toEqual({ is: 'no-such-name' });
    expect(ask('tasks.google.com')).toMatchObject({ is: 'forward' });
  });
});

describe('who asks', () => {
  it('is refused where nobody knows it', () => {
    expect(ask('web', 'A', '10.0.3.100')).toEqual({ is: 'stranger' });
    expect(ask('example.com', 'A', '192.0.2.1')).toEqual({ is: 'stranger' });
  });

  it('hears of its own networks alone', () => {
    expect(ask('db')).toMatchObject({ is: 'forward' });
    expect(ask('db', 'A', '10.0.4.7')).toEqual(addresses('10.0.4.2'));
    expect(ask('web', 'A', '10.0.4.7')).toEqual({ is: 'no-such-name' });
    expect(ask('web.front', 'A', '10.0.4.7')).toEqual({ is: 'no-such-name' });
  });

  it('may ask over IPv6, from an address written in any way', () => {
    expect(ask('web', 'A', 'fd00:3::6')).toEqual(addresses('10.0.3.2'));
  });

  it('gets from the first of its networks what several have', () => {
    expect(ask('shared', 'A', '10.0.3.9')).toEqual(addresses('10.0.4.20'));
    expect(ask('shared.front', 'A', '10.0.3.9')).toEqual(addresses('10.0.3.20'));
  });

  it('gets an address from a later one where the first has none', () => {
    expect(ask('asleep', 'A', '10.0.3.9')).toEqual(addresses('10.0.4.30'));
  });

  it('may be on a network that is not told yet: what is not found is not known', () => {
    expect(ask('web', 'A', '10.0.3.8')).toEqual(addresses('10.0.3.2'));
    expect(ask('db', 'A', '10.0.3.8')).toEqual({ is: 'not-told' });
  });
});

describe('an address', () => {
  it('has a name, with that of the network', () => {
    expect(ask('7.3.0.10.in-addr.arpa', 'PTR')).toEqual({ is: 'host', host: 'web.1.abc.front' });
    expect(ask('7.3.0.10.IN-ADDR.arpa', 'PTR')).toEqual({ is: 'host', host: 'web.1.abc.front' });
    const nibbles = `${[...'fd000003000000000000000000000006'].reverse().join('.')}.ip6.arpa`;
    expect(ask(nibbles, 'PTR')).toEqual({ is: 'host', host: 'six.1.def.front' });
  });

  it('of ours is never asked of others, whoever asks', () => {
    expect(ask('77.3.0.10.in-addr.arpa', 'PTR')).toEqual({ is: 'no-such-name' });
    expect(ask('7.4.0.10.in-addr.arpa', 'PTR')).toEqual({ is: 'no-such-name' });
    expect(ask('7.3.0.10.in-addr.arpa', 'A')).toEqual({ is: 'nothing' });
  });

  it.each(['1.2.0.192.in-addr.arpa', '3.0.10.in-addr.arpa', '300.3.0.10.in-addr.arpa', 'x.ip6.arpa'])(
    'of others, and half of one, is asked of others: %s',
    (name) => {
      expect(ask(name, 'PTR')).toMatchObject({ is: 'forward' });
    },
  );
});

describe('everything else', () => {
  it('is asked of the servers of who asks, where it has its own', () => {
    expect(ask('example.com')).toEqual({ is: 'forward', nameservers: undefined });
    expect(ask('example.com', 'A', '10.0.3.9')).toEqual({ is: 'forward', nameservers: ['10.9.9.9'] });
  });

  it('is unknown to who is on internal networks alone, so that a search list goes on', () => {
    expect(ask('example.com', 'A', '10.0.4.7')).toEqual({ is: 'no-such-name' });
    expect(ask('db.corp.example.com', 'A', '10.0.4.7')).toEqual({ is: 'no-such-name' });
  });

  it.each(['constructor', '__proto__', '.', '', '.front', 'front'])('is no name of ours: %j', (name) => {
    expect(ask(name)).toMatchObject({ is: 'forward' });
  });
});
