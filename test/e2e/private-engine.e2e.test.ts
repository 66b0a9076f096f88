// The engine that `npm test` and `npm run demo` start where there is none: it has to work beside others, and to leave
// nothing behind.
import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type PrivateEngine, startPrivateEngine } from '../harness/private-engine.ts';

const run = promisify(execFile);
const buildImages = fileURLToPath(new URL('../../deploy/images/build', import.meta.url));
const engines: PrivateEngine[] = [];

afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.stop()));
});

async function start(): Promise<{ engine: PrivateEngine; docker: Docker }> {
  const engine = await startPrivateEngine();
  engines.push(engine);
  await run(buildImages, { env: { ...process.env, DOCKER_HOST: engine.host } });
  return { engine, docker: new Docker({ socketPath: engine.host.replace('unix://', '') }) };
}

async function runContainer(
  docker: Docker,
  options: Docker.ContainerCreateOptions,
): Promise<Docker.Container> {
  const container = await docker.createContainer({ Image: 'muster/demo:1', ...options });
  await container.start();
  return container;
}

describe.runIf(process.getuid?.() === 0)('a private engine', () => {
  it('publishes ports on this machine, beside another one', async () => {
    const hosts = await Promise.all([start(), start()]);
    const pages = await Promise.all(
      hosts.map(async ({ docker }, index) => {
        const port = await freePort();
        const binding = [{ HostIp: '127.0.0.1', HostPort: String(port) }];
        await runContainer(docker, {
          Image: `muster/demo:${index + 1}`,
          ExposedPorts: { '80/tcp': {} },
          HostConfig: { PortBindings: { '80/tcp': binding } },
        });
        const get = () => fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(2_000) });
        return vi.waitFor(async () => (await get()).text(), { timeout: 30_000 });
      }),
    );
    expect(pages).toEqual([expect.stringContaining('version 1'), expect.stringContaining('version 2')]);
  });

  it('lets containers of one network reach one another', async () => {
    const { docker } = await start();
    await docker.createNetwork({ Name: 'between' });
    for (const network of ['bridge', 'between']) {
      const HostConfig = { NetworkMode: network };
      const server = await runContainer(docker, { HostConfig });
      const address = (await server.inspect()).NetworkSettings.Networks[network]!.IPAddress;
      const client = await runContainer(docker, { HostConfig, Cmd: ['ping', '-c1', '-W2', address] });
      expect(await client.wait()).toMatchObject({ StatusCode: 0 });
    }
  });

  it('comes back with its containers after a restart and after a crash', async () => {
    const { engine, docker } = await start();
    const { id } = await runContainer(docker, { HostConfig: { RestartPolicy: { Name: 'always' } } });
    for (const upset of [engine.restart, engine.crash]) {
      await upset();
      await vi.waitFor(
        async () => expect(await docker.listContainers()).toMatchObject([{ Id: id, State: 'running' }]),
        { timeout: 30_000 },
      );
    }
  });

  it('leaves no process, link, firewall rule, cgroup or file behind, whatever was running', async () => {
    const { engine, docker } = await start();
    const dir = engine.host.replace(/^unix:\/\/(.*)\/docker\.sock$/, '$1');
    const configuration = JSON.parse(await readFile(`${dir}/daemon.json`, 'utf8'));
    const subnet = `10.213.${16 * Number(configuration.bridge.replace('muster', ''))}.0/20`;
    const network = await docker.createNetwork({ Name: 'left' });
    const bridge = `br-${network.id.slice(0, 12)}`;
    const container = await runContainer(docker, { HostConfig: { NetworkMode: 'left' } });
    const { Pid: pid } = (await container.inspect()).State;
    expect(await links()).toEqual(expect.arrayContaining([configuration.bridge, bridge]));
    expect(await firewallRules()).toContain(subnet);
    expect(await cgroups()).toContain(configuration['cgroup-parent']);
    await readlink(`/proc/${pid}/exe`);

    await engines.pop()!.stop();

    await expect(readlink(`/proc/${pid}/exe`)).rejects.toThrow('ENOENT');
    await expect(readdir(dir)).rejects.toThrow('ENOENT');
    expect(await links()).not.toContain(configuration.bridge);
    expect(await links()).not.toContain(bridge);
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
