// The engine that `npm test` and `npm run demo` start where there is none: it has to work beside others, and to leave
// nothing behind.
import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type PrivateEngine, startPrivateEngine } from '../harness/private-engine.ts';

const run = promisify(execFile);
const buildImages = fileURLToPath(new URL('../../deploy/images/build', import.meta.url));
const engines: PrivateEngine[] = [];

afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.stop()));
});

async function start(): Promise<PrivateEngine> {
  const engine = await startPrivateEngine();
  engines.push(engine);
  await run(buildImages, { env: { ...process.env, DOCKER_HOST: engine.host } });
  return engine;
}

async function docker(engine: PrivateEngine, ...args: string[]): Promise<string> {
  const { stdout } = await run('docker', ['-H', engine.host, ...args]);
  return stdout.trim();
}

describe.runIf(process.getuid?.() === 0)('a private engine', () => {
  it('publishes ports on this machine, beside another one', async () => {
    const [one, two] = await Promise.all([start(), start()]);
    const pages = await Promise.all(
      [one, two].map(async (engine, index) => {
        const port = await freePort();
        await docker(engine, 'run', '-d', '-p', `127.0.0.1:${port}:80`, `muster/demo:${index + 1}`);
        return vi.waitFor(async () => (await fetch(`http://127.0.0.1:${port}/`)).text(), { timeout: 10_000 });
      }),
    );
    expect(pages).toEqual([expect.stringContaining('version 1'), expect.stringContaining('version 2')]);
  });

  it('lets containers of one network reach one another', async () => {
    const engine = await start();
    await docker(engine, 'network', 'create', 'between');
    for (const network of ['bridge', 'between']) {
      const server = await docker(engine, 'run', '-d', '--network', network, 'muster/demo:1');
      const format = `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`;
      const address = await docker(engine, 'inspect', '-f', format, server);
      expect(
        await docker(
          engine,
          'run',
          '--rm',
          '--network',
          network,
          'muster/demo:1',
          'ping',
          '-c1',
          '-W2',
          address,
        ),
      ).toContain('1 packets received');
    }
  });

  it('comes back with its containers after a restart and after a crash', async () => {
    const engine = await start();
    const container = await docker(engine, 'run', '-d', '--restart=always', 'muster/demo:1');
    for (const upset of [engine.restart, engine.crash]) {
      await upset();
      await vi.waitFor(async () => expect(await docker(engine, 'ps', '-q', '--no-trunc')).toBe(container), {
        timeout: 20_000,
      });
    }
  });

  it('leaves no process, link, firewall rule, cgroup or file behind, whatever was running', async () => {
    const engine = await start();
    const dir = engine.host.replace(/^unix:\/\/(.*)\/docker\.sock$/, '$1');
    await docker(engine, 'network', 'create', 'left');
    const configuration = JSON.parse(await readFile(`${dir}/daemon.json`, 'utf8'));
    const container = await docker(engine, 'run', '-d', '--network', 'left', 'muster/demo:1');
    const pid = await docker(engine, 'inspect', '-f', '{{.State.Pid}}', container);
    const network = (await docker(engine, 'network', 'inspect', '-f', '{{.Id}}', 'left')).slice(0, 12);
    const subnet = `10.213.${16 * Number(configuration.bridge.replace('muster', ''))}.0/20`;
    expect(await links()).toEqual(expect.arrayContaining([configuration.bridge, `br-${network}`]));
    expect(await firewallRules()).toContain(subnet);
    expect(await cgroups()).toContain(configuration['cgroup-parent']);

    await engines.pop()!.stop();

    await expect(readlink(`/proc/${pid}/exe`)).rejects.toThrow('ENOENT');
    await expect(readdir(dir)).rejects.toThrow('ENOENT');
    expect(await links()).not.toContain(configuration.bridge);
    expect(await links()).not.toContain(`br-${network}`);
    expect(await firewallRules()).not.toContain(subnet);
    expect(await cgroups()).not.toContain(configuration['cgroup-parent']);
  });
});

async function firewallRules(): Promise<string> {
  return (await run('iptables', ['-w', '-S', 'FORWARD'])).stdout;
}

async function cgroups(): Promise<string> {
  return (await run('find', ['/sys/fs/cgroup', '-maxdepth', '2', '-name', 'muster-engine-*'])).stdout;
}

function links(): Promise<string[]> {
  return readdir('/sys/class/net');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
