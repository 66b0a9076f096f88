// Hosts of this machine, as several nodes of `muster up` have them: made, made again, mended, and gone.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { inside, whyNoStage } from '../stage/stage.fixture.ts';
import { type LocalHost, makeLocalHosts, removeLocalHost, removeLocalHosts } from './local-hosts.ts';
import { nameLocalHosts } from './local-names.ts';

const reason = await whyNoStage();
const key = `test ${process.pid}`;
const names = nameLocalHosts(key);
const namespaces = () => readdirSync('/run/netns').filter((name) => name.startsWith(names.prefix));

/** By UDP, as the overlay goes. */
function send(from: LocalHost, to: LocalHost): string {
  const script = `
    const { createSocket } = require('dgram');
    const to = createSocket('udp4').on('message', (_, { address }) => { console.log(address); process.exit(); });
    to.bind(${process.pid}, '${to.underlay}');`;
  const listen = `timeout 5 ${process.execPath} -e "${script.replaceAll('\n', ' ')}"`;
  const say = `${process.execPath} -e "const s = require('dgram').createSocket('udp4'); let n = 0; setInterval(() => s.send('?', ${process.pid}, '${to.underlay}') || ++n > 20 && process.exit(), 50)"`;
  const at = ({ netns }: LocalHost) => (netns === undefined ? '' : `nsenter --net=${netns} `);
  return execFileSync('sh', ['-c', `${at(from)}${say} & ${at(to)}${listen}; kill $!`], {
    encoding: 'utf8',
  }).trim();
}

describe.skipIf(reason)(`hosts of one machine${reason ? `, which need more: ${reason}` : ''}`, () => {
  let hosts: readonly LocalHost[];

  afterAll(() => removeLocalHosts(key));

  it('reach one another, each under its own address', async () => {
    hosts = await makeLocalHosts(key, 3);
    const [machine, second, third] = hosts as [LocalHost, LocalHost, LocalHost];
    expect(machine.netns).toBe(undefined);
    expect(send(second, third)).toBe(second.underlay);
    expect(send(machine, second)).toBe(machine.underlay);
    expect(send(third, machine)).toBe(third.underlay);
  });

  it('stay as they are, and get back what somebody took', async () => {
    const links = () => inside({ netns: hosts[1]!.netns! }, 'ip -o link', 'ip route');
    const before = links();
    expect(await makeLocalHosts(key, 3)).toEqual(hosts);
    expect(links()).toBe(before);
    inside({ netns: hosts[1]!.netns! }, 'ip link delete eth0');
    execFileSync('nft', ['delete', 'table', 'ip', names.table]);
    expect(await makeLocalHosts(key, 3)).toEqual(hosts);
    expect(send(hosts[1]!, hosts[2]!)).toBe(hosts[1]!.underlay);
  });

  it('leave nothing', async () => {
    await removeLocalHost(key, 3);
    await removeLocalHost(key, 3);
    expect(namespaces().sort()).toEqual([`${names.prefix}2`, `${names.prefix}lan`]);
    await makeLocalHosts(key, 3);
    await makeLocalHosts(key, 2);
    expect(existsSync(hosts[2]!.netns!)).toBe(false);
    await removeLocalHosts(key);
    await removeLocalHosts(key);
    expect(namespaces()).toEqual([]);
    const all = execFileSync('sh', ['-c', 'ip -o link; nft list tables; iptables -S'], { encoding: 'utf8' });
    expect(all).not.toMatch(new RegExp(`${names.link}|${names.table}`));
  });
});
