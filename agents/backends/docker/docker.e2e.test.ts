// The docker backend on a real engine, the one DOCKER_HOST or the default socket leads to: the contract, and what
// only containers have.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type BackendRig, makeOrder, type SpecInput, testBackend } from '../backend.contract.ts';
import {
  BackendUnavailableError,
  type BoundPort,
  type LogChunk,
  RejectedError,
  type RunState,
  type TaskOrder,
} from '../backend.ts';
import { DockerBackend } from './docker-backend.ts';
import { type EngineProxy, openProxy } from './engine-proxy.fixture.ts';
import { findContainers, makeTestImage, type TestImage } from './test-image.fixture.ts';

const clusterName = `contract-${process.pid}`;

const shell = (image: TestImage, script: string, more = {}) => ({
  containerSpec: { image: image.name, command: ['/bin/sh', '-c'], args: [script], ...more },
});

testBackend(
  'docker',
  async (): Promise<BackendRig> => {
    const image = await makeTestImage();
    const { docker } = image;
    return {
      connect: async (nodeId) => new DockerBackend({ clusterName, nodeId }),
      recipes: {
        untilStopped: shell(image, 'trap "exit 0" TERM; echo ready; while :; do sleep 1 & wait $!; done'),
        stubborn: shell(image, 'trap "" TERM; echo ready; while :; do sleep 1; done', {
          stopGracePeriod: '1s',
        }),
        exits: (exitCode) => shell(image, `sleep 0.05; exit ${exitCode}`),
        prints: (lines) =>
          shell(
            image,
            `echo oops >&2; for line in ${lines.join(' ')}; do echo $line; sleep 0.05; done; exec sleep 60`,
          ),
        impossible: {
          spec: shell(image, 'exit 0', {
            mounts: [{ type: 'bind', source: '/no/such/directory', target: '/data' }],
          }),
          reason: /bind source path does not exist: \/no\/such\/directory/,
        },
        broken: {
          spec: { containerSpec: { image: image.name, command: ['/no/such/program'] } },
          reason: /\/no\/such\/program.*no such file or directory/,
        },
        exec: { hello: ['/bin/busybox', 'echo', 'hello'], exit3: ['/bin/sh', '-c', 'exit 3'] },
      },
      async plantForeign() {
        const containers = await Promise.all(
          [{}, { 'muster.cluster': 'another', 'com.docker.swarm.node.id': 'node-one' }].map((Labels) =>
            docker.createContainer({
              Image: image.name,
              Cmd: ['/bin/busybox', 'sleep', '60'],
              Labels,
            } as never),
          ),
        );
        for (const container of containers) await container.start();
        return {
          isUntouched: async () =>
            (await Promise.all(containers.map((container) => container.inspect()))).every(
              ({ State }) => State.Running,
            ),
          clear: async () => {
            for (const container of containers) await container.remove({ force: true });
          },
        };
      },
      async restart(taskId) {
        const [name] = await findContainers(docker, taskId);
        await docker.getContainer(name!.slice(1)).start();
      },
      findTraces: (taskId) => findContainers(docker, taskId),
      dispose: () => image.remove(),
    };
  },
  30_000,
);

describe('tasks as containers', { timeout: 30_000 }, () => {
  const owner = { clusterName, nodeId: 'node-docker' };
  let image: TestImage;
  let backend: DockerBackend;
  let changes: RunState[];
  let wake: () => void = () => {};
  let slots = 100;

  beforeAll(async () => {
    image = await makeTestImage();
  }, 60_000);
  afterAll(() => image.remove());
  afterEach(async () => {
    for (const { taskId } of await backend.list()) await backend.remove(taskId);
    await backend.close();
  });

  async function connect(dockerHost?: string): Promise<DockerBackend> {
    backend = new DockerBackend({ ...owner, ...(dockerHost === undefined ? {} : { dockerHost }) });
    changes = [];
    await backend.watch({
      onChange: (state) => {
        changes.push(state);
        wake();
      },
      onLost: () => {},
    });
    return backend;
  }

  function order(script: string, more = {}, ports: readonly BoundPort[] = []): TaskOrder {
    slots += 1;
    return { ...makeOrder(shell(image, script, more) as SpecInput, owner.nodeId, slots), ports };
  }

  async function run(wanted: TaskOrder): Promise<string> {
    await backend.prepare(wanted);
    await backend.start(wanted.identity.taskId);
    return wanted.identity.taskId;
  }

  async function awaitEnd(taskId: string): Promise<RunState> {
    for (;;) {
      const ended = changes.find((state) => state.taskId === taskId && state.status === 'exited');
      if (ended !== undefined) return ended;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  /** Not by following: that loses a last line without an end (moby/moby#43860). */
  async function readOutput(taskId: string): Promise<LogChunk[]> {
    await awaitEnd(taskId);
    const chunks: LogChunk[] = [];
    for await (const chunk of backend.logs(taskId, { follow: false })) chunks.push(chunk);
    return chunks;
  }

  it('tell how they are: by a check that was asked for, by their image’s, or not at all', async () => {
    await connect();
    const healthcheck = { test: ['CMD-SHELL', 'test -e /well'], interval: '50ms', retries: 1 };
    const sleeps = 'busybox touch /well; exec sleep 60';
    const healthOf = async (taskId: string) => (await backend.inspect(taskId))?.health;
    const next = (taskId: string, health: RunState['health']) =>
      expect
        .poll(() => changes.some((state) => state.taskId === taskId && state.health === health), {
          timeout: 5_000,
        })
        .toBe(true);

    const asked = order(sleeps, { healthcheck });
    await backend.prepare(asked);
    const { taskId } = asked.identity;
    expect(await backend.start(taskId)).toMatchObject({ status: 'running', health: 'starting' });
    await next(taskId, 'healthy');
    expect(await healthOf(taskId)).toBe('healthy');
    expect(await backend.exec(taskId, ['/bin/busybox', 'rm', '/well'])).toMatchObject({ exitCode: 0 });
    await next(taskId, 'unhealthy');

    const [repo, tag] = [`${image.name.split(':')[0]}-checked`, String(process.pid)];
    const { docker } = image;
    const { id } = await docker.createContainer({ Image: image.name, Cmd: ['x'] });
    const committing = docker
      .getContainer(id)
      .commit({ repo, tag, changes: 'HEALTHCHECK --interval=50ms CMD test -e /well' });
    await committing.finally(() => docker.getContainer(id).remove());
    const checked = order(sleeps, { image: `${repo}:${tag}` });
    const unchecked = order(sleeps, { image: `${repo}:${tag}`, healthcheck: { test: ['NONE'] } });
    expect(await backend.prepare(checked).then(() => backend.start(checked.identity.taskId))).toMatchObject({
      health: 'starting',
    });
    await next(checked.identity.taskId, 'healthy');
    await run(unchecked);
    expect(await healthOf(unchecked.identity.taskId)).toBeUndefined();
    for (const one of [checked, unchecked]) await backend.remove(one.identity.taskId);
    await docker.getImage(`${repo}:${tag}`).remove();

    const { ApiVersion } = await docker.version();
    const soon = order(sleeps, { healthcheck: { ...healthcheck, startPeriod: '1m', startInterval: '50ms' } });
    // An engine that is too old leaves it to the agent.
    const isOld = Number(ApiVersion.split('.')[1]) < 44;
    expect(await backend.prepare(soon).then(() => backend.start(soon.identity.taskId))).toEqual(
      isOld
        ? expect.not.objectContaining({ health: expect.anything() })
        : expect.objectContaining({ health: 'starting' }),
    );
    const lacks = order(sleeps, { healthcheck: { startPeriod: '1m', startInterval: '50ms' } });
    if (isOld) await expect(backend.prepare(lacks)).rejects.toThrow(/start interval: this engine's API is/);
  });

  it('end a command that nobody waits for any more', async () => {
    await connect();
    const taskId = await run(order('exec sleep 60'));
    const late = new Error('it took too long');
    const limit = new AbortController();
    setTimeout(() => limit.abort(late), 300);
    await expect(backend.exec(taskId, ['/bin/sleep', '77'], { signal: limit.signal })).rejects.toBe(late);
    const list = async () => (await backend.exec(taskId, ['/bin/busybox', 'ps'])).stdout;
    await expect.poll(list, { timeout: 5_000 }).not.toContain('sleep 77');
  });

  it('have every setting of the spec, and Swarm’s labels', async () => {
    await connect();
    const wanted: TaskOrder = {
      ...order('exit 0', {
        env: ['A=1', 'B=2'],
        dir: '/work',
        user: '65534:65534',
        hostname: 'web-1',
        labels: { tier: 'front', 'muster.cluster': 'forged', 'com.docker.swarm.node.id': 'forged' },
        mounts: [
          { type: 'bind', source: '/etc', target: '/host', readOnly: true },
          { type: 'volume', target: '/data' },
          { type: 'tmpfs', target: '/scratch' },
        ],
        stopSignal: 'SIGQUIT',
        stopGracePeriod: '1500ms',
        tty: true,
        init: true,
        readOnly: true,
      }),
      ports: [
        { protocol: 'tcp', targetPort: 80, publishedPort: 31080 },
        { protocol: 'tcp', targetPort: 80, publishedPort: 31081 },
        { protocol: 'udp', targetPort: 53, publishedPort: 31053 },
      ],
    };
    wanted.spec.resources.limits.nanoCpus = 5e8;
    wanted.spec.resources.limits.memoryBytes = 64 * 1024 ** 2;
    const { runId } = await backend.prepare(wanted);
    const { Name, Config, HostConfig, Mounts } = await image.docker.getContainer(runId).inspect();
    const { taskId, taskName, serviceId, serviceName } = wanted.identity;
    expect(Name).toBe(`/${taskName}`);
    expect(Config.Labels).toEqual({
      tier: 'front',
      'muster.cluster': clusterName,
      'muster.cluster.id': 'contractcluster0000000000',
      'com.docker.swarm.node.id': owner.nodeId,
      'com.docker.swarm.service.id': serviceId,
      'com.docker.swarm.service.name': serviceName,
      'com.docker.swarm.task': '',
      'com.docker.swarm.task.id': taskId,
      'com.docker.swarm.task.name': taskName,
    });
    expect(Config).toMatchObject({
      Image: image.name,
      Entrypoint: ['/bin/sh', '-c'],
      Cmd: ['exit 0'],
      Env: expect.arrayContaining(['A=1', 'B=2', 'PATH=/bin']),
      WorkingDir: '/work',
      User: '65534:65534',
      Hostname: 'web-1',
      StopSignal: 'SIGQUIT',
      StopTimeout: 2,
      Tty: true,
    });
    expect(HostConfig).toMatchObject({
      NanoCpus: 5e8,
      Memory: 64 * 1024 ** 2,
      Init: true,
      ReadonlyRootfs: true,
      RestartPolicy: { Name: 'no' },
      PortBindings: {
        '80/tcp': [{ HostPort: '31080' }, { HostPort: '31081' }],
        '53/udp': [{ HostPort: '31053' }],
      },
    });
    expect(Mounts).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ Type: 'bind', Source: '/etc', Destination: '/host', RW: false }),
        expect.objectContaining({ Type: 'volume', Destination: '/data', RW: true }),
      ]),
    );
    expect(HostConfig.Mounts).toContainEqual(expect.objectContaining({ Type: 'tmpfs', Target: '/scratch' }));

    const volume = Mounts.find(({ Type }) => Type === 'volume')!.Name!;
    await backend.remove(taskId);
    await expect(image.docker.getVolume(volume).inspect()).rejects.toThrow(/no such volume/);
  });

  it('cost the engine two calls to start', async () => {
    const proxy = await openProxy(image.docker);
    try {
      await connect(proxy.dockerHost);
      // What its image has of a health check is asked for once in a while.
      await run(order('exit 0'));
      const before = proxy.requests.length;
      const { runId } = (await backend.inspect(await run(order('exit 0'))))!;
      expect(proxy.requests.slice(before)).toEqual([
        'POST /containers/create',
        `POST /containers/${runId}/start`,
        `GET /containers/${runId}/json`,
      ]);
    } finally {
      await proxy.close();
      await connect();
    }
  });

  it('tell the loss of the engine once, and go on where they were', async () => {
    const proxy: EngineProxy = await openProxy(image.docker);
    const before = await connect(proxy.dockerHost);
    const taskId = await run(order('exec sleep 60'));
    const losses: Error[] = [];
    const lost = new Promise<void>((resolve) => {
      void before
        .watch({
          onChange: () => {},
          onLost: (error) => {
            losses.push(error);
            resolve();
          },
        })
        .then(() => proxy.cut());
    });
    await lost;
    expect(losses).toEqual([expect.any(BackendUnavailableError)]);
    expect(await before.list()).toMatchObject([{ taskId, status: 'running' }]);
    await proxy.close();
    await expect(before.describe()).rejects.toThrow(BackendUnavailableError);
    await expect(before.start(taskId)).rejects.toThrow(BackendUnavailableError);
    expect(losses).toHaveLength(1);
    await before.close();

    await connect();
    await image.docker.getContainer((await backend.inspect(taskId))!.runId).kill();
    expect(await awaitEnd(taskId)).toMatchObject({ exitCode: 137 });
  });

  it('wait for one pull, which ends with the last of them, and at once', async () => {
    await connect();
    const registry = await openSilentRegistry();
    try {
      const name = `127.0.0.1:${registry.port}/slow/image:1`;
      const cancels = [1, 2].map(() => new AbortController());
      let aside = 0;
      const attempts = cancels.map(({ signal }, index) =>
        backend
          .prepare(makeOrder({ containerSpec: { image: name } }, owner.nodeId, index + 1), {
            signal,
            aside: async (waiting) => {
              aside += 1;
              return waiting();
            },
          })
          .catch((error) => error.message),
      );
      await vi.waitFor(() => expect(registry.waiting()).toBe(1), { timeout: 10_000 });
      expect(aside).toBe(2);
      // Nothing else waits.
      expect(await backend.inspect(await run(order('exec sleep 60')))).toMatchObject({ status: 'running' });
      cancels[0]!.abort(new Error('not wanted'));
      expect(await attempts[0]).toBe('not wanted');
      expect(registry.waiting()).toBe(1);
      cancels[1]!.abort(new Error('nor this'));
      expect(await attempts[1]).toBe('nor this');
      // The engine lets a handshake that is under way time out.
      await vi.waitFor(() => expect(registry.waiting()).toBe(0), { timeout: 15_000 });
      expect(backend.imagesPulled).toBe(0);
    } finally {
      await registry.close();
    }
  });

  it('are unknown when the engine can not tell how they are, and stand in nobody’s way', async () => {
    const proxy = await openProxy(image.docker);
    try {
      await connect(proxy.dockerHost);
      const [stuck, well] = [await run(order('exec sleep 60')), await run(order('exec sleep 60'))];
      const { runId } = (await backend.inspect(stuck))!;
      proxy.stall(new RegExp(`^GET /containers/${runId}/json`));
      const states = new Map((await backend.list()).map((state) => [state.taskId, state]));
      expect(states.get(stuck)).toEqual({
        taskId: stuck,
        runId,
        clusterId: 'contractcluster0000000000',
        status: 'unknown',
      });
      expect(states.get(well)).toMatchObject({ status: 'running' });
      proxy.stall(undefined);
      expect(await backend.inspect(stuck)).toMatchObject({ status: 'running' });
    } finally {
      await proxy.close();
      await connect();
    }
  });

  it('are given up when the engine hangs in their start', async () => {
    const proxy = await openProxy(image.docker);
    try {
      await connect(proxy.dockerHost);
      const wanted = order('exec sleep 60');
      const { taskId, runId } = await backend.prepare(wanted);
      proxy.stall(new RegExp(`^POST /containers/${runId}/start`));
      const cancel = new AbortController();
      const starting = backend.start(taskId, { signal: cancel.signal }).catch((error) => error.message);
      cancel.abort(new Error('not wanted'));
      expect(await starting).toBe('not wanted');
      await backend.stop(taskId);
      await backend.remove(taskId);
    } finally {
      await proxy.close();
      await connect();
    }
  });

  it('are rejected when there is no such image, here or where it comes from', async () => {
    await connect();
    const name = '127.0.0.1:1/no/such:1';
    const attempts = [1, 2].map((slot) =>
      backend
        .prepare(makeOrder({ containerSpec: { image: name } }, owner.nodeId, slot))
        .catch((error) => error),
    );
    for (const error of await Promise.all(attempts)) {
      expect(error).toBeInstanceOf(RejectedError);
      expect(error.message).toMatch(/^No such image: 127\.0\.0\.1:1\/no\/such:1 \(pull failed: .*refused\)$/);
    }
    const bad = makeOrder({ containerSpec: { image: 'UPPER:case' } }, owner.nodeId, 3);
    await expect(backend.prepare(bad)).rejects.toThrow(RejectedError);
    const none = makeOrder({ containerSpec: { command: ['true'] } }, owner.nodeId, 4);
    await expect(backend.prepare(none)).rejects.toThrow('image: the docker backend needs one');
  });

  it('leave a container alone that has their name', async () => {
    await connect();
    const wanted = order('exit 0');
    const stranger = await image.docker.createContainer({
      name: wanted.identity.taskName,
      Image: image.name,
      Cmd: ['/bin/busybox', 'true'],
    });
    try {
      const error = await backend.prepare(wanted).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(RejectedError);
      expect(error.message).toMatch(/already in use by container/);
      await backend.remove(wanted.identity.taskId);
      expect((await stranger.inspect()).State.Status).toBe('created');
    } finally {
      await stranger.remove();
    }
  });

  it('fail in the engine’s words when a port is taken', async () => {
    await connect();
    const ports = [{ protocol: 'tcp', targetPort: 80, publishedPort: 31999 } as const];
    await run(order('exec sleep 60', {}, ports));
    const second = order('exec sleep 60', {}, ports);
    await expect(run(second)).rejects.toThrow(/port is already allocated/);
    expect(await backend.inspect(second.identity.taskId)).toMatchObject({
      status: 'exited',
      error: expect.stringMatching(/port is already allocated/),
    });
  });

  it('are on the network of their host, on none, or behind its bridge', async () => {
    await connect();
    const links = async (target: string) => {
      const wanted = order('ls /sys/class/net');
      const spec = { ...wanted.spec, networks: [{ target, aliases: [], driverOpts: {} }] };
      const lines = await readOutput(await run({ ...wanted, spec }));
      return lines.map(({ line }) => line).filter((line) => line !== '');
    };
    expect(await links('none')).toEqual(['lo']);
    const ofItsOwn = ['eth0', 'lo'];
    expect(await links('bridge')).toEqual(ofItsOwn);
    expect(await links('host')).not.toEqual(ofItsOwn);
  });

  it('say so when they ran out of memory', async () => {
    await connect();
    const wanted = order('exec /bin/busybox tail /dev/zero');
    wanted.spec.resources.limits.memoryBytes = 16 * 1024 ** 2;
    const taskId = await run(wanted);
    const oom = { status: 'exited', exitCode: 137, error: 'OOM killed: the container ran out of memory' };
    expect(await awaitEnd(taskId)).toMatchObject(oom);
    expect(await backend.inspect(taskId)).toMatchObject(oom);
  });

  it('are told gone when somebody else removes them, and not when we do', async () => {
    await connect();
    const [theirs, ours] = [order('exit 0'), order('exit 0')];
    const { runId } = await backend.prepare(theirs);
    await backend.prepare(ours);
    await backend.remove(ours.identity.taskId);
    await image.docker.getContainer(runId).remove();
    expect(await awaitEnd(theirs.identity.taskId)).toMatchObject({
      error: 'the container was removed from outside',
    });
    expect(changes.map(({ taskId }) => taskId)).toEqual([theirs.identity.taskId]);
    expect(await backend.inspect(theirs.identity.taskId)).toBeUndefined();
    expect(await backend.prepare(theirs)).toMatchObject({ status: 'created' });
  });

  it('give the output of a terminal without its carriage returns', async () => {
    await connect();
    const taskId = await run(order('echo one; echo two >&2', { tty: true }));
    expect((await readOutput(taskId)).map(({ stream, line }) => `${stream} ${line}`)).toEqual([
      'stdout one',
      'stdout two',
    ]);
  });

  it.each([false, true])('give a long line as one, and text as it was, from a terminal: %s', async (tty) => {
    await connect();
    const script =
      'i=0; while [ $i -lt 4000 ]; do printf "%05d-äöü" $i; i=$((i+1)); done; echo; printf "no end"';
    const chunks = await readOutput(await run(order(script, { tty })));
    expect(chunks.map(({ line }) => line.length)).toEqual([36_000, 6]);
    expect(chunks[0]?.line.endsWith('03999-äöü')).toBe(true);
    expect(chunks.every(({ time }) => Math.abs(time - Date.now()) < 60_000)).toBe(true);
  });

  it('can be asked about in the engine’s own terms', async () => {
    await connect();
    const taskId = await run(order('exec sleep 60'));
    const filters = encodeURIComponent(JSON.stringify({ label: [`com.docker.swarm.task.id=${taskId}`] }));
    expect(await backend.raw({ method: 'GET', path: `/containers/json?filters=${filters}` })).toHaveLength(1);
    const created = await backend.raw({
      method: 'POST',
      path: '/containers/create?name=muster-raw-test',
      body: { Image: image.name, Cmd: ['/bin/true'] },
    });
    const { Id } = created as { Id: string };
    expect(await backend.raw({ method: 'DELETE', path: `/containers/${Id}` })).toBe('');
    await expect(backend.raw({ method: 'GET', path: '/containers/none/json' })).rejects.toThrow(
      'No such container: none',
    );
    await expect(backend.raw('anything')).rejects.toThrow('{ method, path, body? }');
  });

  it('need an engine, and say what to do without one', async () => {
    await connect();
    const lost = new DockerBackend({ ...owner, dockerHost: 'unix:///no/such/docker.sock' });
    const error = await lost.describe().catch((thrown) => thrown);
    expect(error).toBeInstanceOf(BackendUnavailableError);
    expect(error.message).toMatch(
      /^the Docker engine at unix:\/\/\/no\/such\/docker.sock does not answer \(.*ENOENT.*\): start it, or point DOCKER_HOST/,
    );
    expect(() => new DockerBackend({ ...owner, dockerHost: 'docker.sock' })).toThrow('invalid Docker host');
  });
});

/** Takes connections, and says nothing. */
async function openSilentRegistry() {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    waiting: () => sockets.size,
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
