import { describe, expect, it } from 'vitest';
import { emptyPicture, type Link } from '../links/picture.ts';
import { parseListeners } from './listeners.ts';
import { sayDifferences } from './sentences.ts';

const veth: Link = { kind: 'veth', detail: '', mtu: 1450, mac: '02:42:0a:00:01:07', alias: '', isUp: true };
const lo = emptyPicture.links.get('lo')!;

describe('differences', () => {
  const should = {
    ...emptyPicture,
    links: new Map([
      ['lo', { ...lo, isUp: true }],
      ['eth0', veth],
    ]),
    addresses: new Set(['10.0.1.7/32 dev eth0']),
    routes: new Set(['10.0.1.0/24 via 169.254.1.1 dev eth0 onlink']),
    rules: new Set(['pref 999 lookup main']),
  };

  it('are none where there are none', () => {
    expect(sayDifferences(should, should)).toEqual([]);
  });

  it('say of a link that is missing nothing else', () => {
    expect(sayDifferences({ ...emptyPicture, rules: should.rules }, should)).toEqual([
      'link eth0 is missing',
      'link lo is not up',
    ]);
  });

  it('say what is missing, what is nobody’s, and what is another', () => {
    const links = new Map([...should.links, ['t1', veth], ['eth0', { ...veth, mtu: 9000 }]]);
    const is = { ...should, links, addresses: new Set(['10.9.9.9/32 dev eth0']), rules: new Set<string>() };
    expect(sayDifferences(is, should)).toEqual([
      "link t1 is nobody's",
      'link eth0 is not mtu 1450',
      'address 10.9.9.9/32 dev eth0 is not ours',
      'address 10.0.1.7/32 dev eth0 is missing',
      'rule pref 999 lookup main is missing',
    ]);
  });
});

describe('listeners', () => {
  const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid';
  const rest = '00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0';
  const v6 = (last: string) => `${'00000000'.repeat(2)}${last}`;

  it('are told from connections, at every address or at one', () => {
    const text = [
      'tcp',
      head,
      `   0: 00000000:0050 00000000:0000 0A ${rest}`,
      `   1: 0100007F:1F90 00000000:0000 0A ${rest}`,
      `   2: 0701000A:0050 0801000A:9C40 01 ${rest}`,
      'tcp6',
      head,
      `   0: ${v6('0000000000000000')}:01BB ${v6('0000000000000000')}:0000 0A ${rest}`,
      `   1: ${v6('FFFF00000701000A')}:01BC ${v6('0000000000000000')}:0000 0A ${rest}`,
      'udp',
      head,
      `   0: 00000000:0035 00000000:0000 07 ${rest}`,
      'udp6',
      head,
      '',
    ].join('\n');
    expect(
      parseListeners(text).map(({ protocol, address, port }) => `${protocol} ${address} ${port}`),
    ).toEqual(['tcp 0.0.0.0 80', 'tcp 127.0.0.1 8080', 'tcp :: 443', 'tcp 10.0.1.7 444', 'udp 0.0.0.0 53']);
  });
});
