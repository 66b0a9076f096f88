// What programs make of the answers: glibc, musl, Node, Go and dig, each with its own way to ask, in a network namespace of
// their own with a resolv.conf as a container has it.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findNatsServer } from '@muster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CONTAINER, canMakeHosts, type Hosts, has, makeHosts, RESOLVER } from './hosts.fixture.ts';
import type { NetworkNames } from './names/forms.ts';
import { type NamedNode, startNode, startOn } from './node.fixture.ts';

const tasks = Array.from({ length: 120 }, (_, n) => `10.0.3.${20 + n}`);
const net: NetworkNames = {
  v: 1,
  network: 'n1',
  name: 'front',
  subnets: ['10.0.3.0/24'],
  internal: true,
  names: {
    web: ['10.0.3.2'],
    'tasks.web': ['10.0.3.8', '10.0.3.9'],
    'tasks.big': tasks,
    dual: ['10.0.3.5', 'fd00::5'],
  },
  hosts: { '10.0.3.8': 'web.1.abc' },
};

/** As Docker has it, and as people set it who know no better. */
const resolvConfs: [string, string][] = [
  ['as it is', ''],
  ['ndots:0', 'options ndots:0\n'],
  ['a search list', 'search corp.example.com example.com\n'],
  ['ndots:5 and a search list', 'search corp.example.com example.com\noptions ndots:5\n'],
];

const musl = `
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv) {
  struct addrinfo hints = {0}, *found;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_family = argc > 2 ? (argv[2][0] == '6' ? AF_INET6 : AF_INET) : AF_UNSPEC;
  int error = getaddrinfo(argv[1], 0, &hints, &found);
  if (error) { printf("%s\\n", gai_strerror(error)); return 1; }
  for (; found; found = found->ai_next) {
    char text[64];
    void *at = found->ai_family == AF_INET6 ? (void *)&((struct sockaddr_in6 *)found->ai_addr)->sin6_addr
                                            : (void *)&((struct sockaddr_in *)found->ai_addr)->sin_addr;
    puts(inet_ntop(found->ai_family, at, text, sizeof text));
  }
}`;

describe.skipIf(!canMakeHosts())('a program in a container', () => {
  let folder: string;
  let hosts: Hosts;
  let node: NamedNode;
  let muslProgram: string;
  let addressesOf: (output: string) => string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'muster-clients-'));
    hosts = await makeHosts(folder);
    node = await startNode({
      networks: [net],
      askers: { [CONTAINER]: { networks: ['n1'] } },
      listen: RESOLVER,
      via: hosts.onNode,
    });
    muslProgram = join(folder, 'resolve');
    if (has('musl-gcc')) {
      await writeFile(`${muslProgram}.c`, musl);
      execFileSync('musl-gcc', ['-static', '-o', muslProgram, `${muslProgram}.c`]);
    }
    addressesOf = (output) => [...new Set(output.match(/\b10\.0\.3\.\d+\b|\bfd00::\d+\b/g) ?? [])].sort();
  });
  afterAll(async () => {
    await node?.end();
    await hosts?.end();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => hosts.setResolvConf(`nameserver ${RESOLVER}\n`));

  const python = (call: string) => ['python3', '-c', `import socket; print(${call})`];
  const inNode = (code: string) => [process.execPath, '-e', `require('dns').${code}`];
  /** With how many addresses of a name it takes at least: musl before 1.2.4 does not know TCP, and later has room for 48. */
  const lookUp: [string, (name: string) => readonly string[], number, boolean][] = [
    ['glibc (getent)', (name) => ['getent', 'ahostsv4', name], 120, has('getent')],
    ['glibc (python)', (name) => python(`socket.getaddrinfo('${name}', 80)`), 120, has('python3')],
    ['musl', (name) => [muslProgram, name], 19, has('musl-gcc')],
    [
      "Node's lookup",
      (name) => inNode(`lookup('${name}', {all: true}, (e, a) => console.log(e?.code ?? JSON.stringify(a)))`),
      120,
      true,
    ],
  ];

  describe.each(lookUp)('of %s', (_, command, most, isThere) => {
    describe.each(resolvConfs)('with a resolv.conf that has %s', (__, more) => {
      beforeEach(() => hosts.setResolvConf(`nameserver ${RESOLVER}\n${more}`));

      it.skipIf(!isThere)('finds a service, its tasks, and nothing that is not there', async () => {
        const [web, both, big, none] = await Promise.all(
          ['web', 'tasks.web', 'tasks.big', 'nobody'].map((name) => hosts.run(command(name))),
        );
        expect(addressesOf(web!.output)).toEqual(['10.0.3.2']);
        expect(addressesOf(both!.output)).toEqual(['10.0.3.8', '10.0.3.9']);
        // More than a datagram holds: it has asked again over TCP.
        expect(addressesOf(big!.output)).toSatisfy((found: string[]) => found.length >= most);
        expect(addressesOf(none!.output)).toEqual([]);
        // Nobody has had to ask twice, which they do after five seconds.
        for (const { ms } of [web!, both!, big!, none!]) expect(ms).toBeLessThan(4_900);
      });
    });
  });

  it.skipIf(!has('musl-gcc'))('of musl finds the address of a name that has no other kind', async () => {
    expect((await hosts.run([muslProgram, 'web'])).output).toBe('10.0.3.2\n');
    expect(addressesOf((await hosts.run([muslProgram, 'dual'])).output)).toEqual(['10.0.3.5', 'fd00::5']);
    expect(await hosts.run([muslProgram, 'web', '6'])).toMatchObject({ code: 1 });
  });

  it.skipIf(!has('python3'))('asks what an address is called', async () => {
    expect((await hosts.run(['getent', 'hosts', '10.0.3.8'])).output).toContain('web.1.abc.front');
    expect((await hosts.run(python(`socket.gethostbyaddr('10.0.3.8')[0]`))).output).toBe('web.1.abc.front\n');
  });

  it("of Node's own resolver asks for any type, and is told what there is not", async () => {
    const resolve = (name: string, type: string) =>
      hosts.run(inNode(`resolve('${name}', '${type}', (e, a) => console.log(e?.code ?? JSON.stringify(a)))`));
    expect((await resolve('WEB', 'A')).output).toContain('10.0.3.2');
    expect((await resolve('web', 'AAAA')).output).toBe('ENODATA\n');
    expect((await resolve('web', 'SRV')).output).toBe('ENODATA\n');
    expect((await resolve('nobody', 'A')).output).toBe('ENOTFOUND\n');
    expect(addressesOf((await resolve('tasks.big', 'A')).output)).toEqual([...tasks].sort());
  });

  it('of Go finds a service', async () => {
    const server = await findNatsServer();
    const flags = ['-a', '127.0.0.1', '-p', '-1', '--cluster', 'nats://127.0.0.1:-1', '-D'];
    const { output } = await hosts.run([server, ...flags, '--routes', 'nats://web:6222'], 3_000);
    expect(output).toMatch(/route .*10\.0\.3\.2:6222/);
  });

  it.skipIf(!has('dig'))('of dig sees whose answer it is, and that nobody is to keep it', async () => {
    const dig = async (...words: string[]) => (await hosts.run(['dig', ...words])).output;
    expect(await dig('web')).toMatch(
      /flags: qr aa rd ra;[\s\S]*EDNS: version: 0, flags:; udp: 1232[\s\S]*web\.\s+0\s+IN\s+A\s+10\.0\.3\.2/,
    );
    expect(await dig('web', 'AAAA')).toMatch(/NOERROR[\s\S]*ANSWER: 0/);
    expect(await dig('+short', '-x', '10.0.3.8')).toBe('web.1.abc.front.\n');
    expect(await dig('+ignore', '+noedns', 'tasks.big')).toMatch(/flags: qr aa tc rd ra/);
    expect(await dig('+edns=7', '+noednsnegotiation', 'web')).toContain('BADVERS');
    expect(await dig('+opcode=notify', 'web')).toContain('NOTIMP');
    expect(await dig('-c', 'CH', '-t', 'TXT', 'version.bind')).toContain('REFUSED');
  });

  it('goes on where the resolver was killed and is started again', async () => {
    await node.process.kill();
    expect((await hosts.run(python(`socket.gethostbyname('web')`), 15_000)).code).not.toBe(0);
    const again = await startOn(node.folder, { listen: RESOLVER, via: hosts.onNode });
    try {
      expect((await hosts.run(python(`socket.gethostbyname('web')`))).output).toBe('10.0.3.2\n');
    } finally {
      await again.kill();
    }
  });
});
