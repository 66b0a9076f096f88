// A disk that is full, under a real server: that one stores nothing and does not say so, until it is started again. Whoever
// has something to store says it all the same, begins nothing, and goes on by itself once the server does.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeJson, intentSubject } from '@muster/events';
import { JetStreamLog } from '@muster/log';
import { connectNats, type NatsServerProcess, startNatsServer } from '@muster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ControlRole, controlRoles, startCluster, type TestCluster } from '../harness/cluster.ts';
import type { RoleProcess } from '../harness/role-process.ts';
import { areReady, hasConverged } from '../harness/sightings.ts';
import { mountDisk, type SmallDisk, whyNoDisk } from '../harness/small-disk.ts';
import { failing, probeUntil, scrape } from '../harness/telemetry.ts';
import type { Watch } from '../harness/watch.ts';

const why = whyNoDisk();

describe.runIf(why === undefined)(`a full disk${why === undefined ? '' : ` (not tried: ${why})`}`, () => {
  let disk: SmallDisk;
  let server: NatsServerProcess;
  let cluster: TestCluster;
  let watch: Watch;
  let control: Record<ControlRole, RoleProcess[]>;
  let agent: RoleProcess;
  let asker: Awaited<ReturnType<typeof connectNats>>;
  const start = (port?: number) =>
    startNatsServer({ dir: join(disk.dir, 'nats'), ...(port !== undefined && { port }) });

  beforeAll(async () => {
    disk = mountDisk(64);
    server = await start();
    cluster = await startCluster({ url: server.url, heartbeatMs: 1_000 });
    control = await cluster.startControl(1, '--metrics', '0');
    agent = await cluster.startAgent('one', { backend: 'process', args: ['--metrics', '0'] });
    watch = await cluster.watch();
    await watch.until('the node', areReady(1));
    asker = await connectNats(server.url, { name: 'test' });
  });

  afterAll(async () => {
    await asker?.close();
    await cluster?.stop();
    await server?.stop();
    disk?.remove();
  });

  const say = ({ log }: RoleProcess, what: string) => log.filter(({ msg }) => msg.startsWith(what));

  it('is told of by all that it stops, and is over when there is room and the server is started again', {
    timeout: 180_000,
  }, async () => {
    const command = ['/bin/sleep', `8${process.pid}`];
    await cluster.intend(watch, 'create', 'web', {
      image: 'process',
      command,
      replicas: 2,
      restart: { delay: 0 },
    });
    const before = await watch.until('two tasks', hasConverged('web', 2));

    // Nobody has anything to store, and finding it out does no harm.
    const findings = async () => (await cluster.run(['doctor', '--format', 'json'])).stdout;
    const full = /"level":"fail","what":"store","says":"nats-server can't put a file on its disk/;
    disk.fill();
    expect(await findings()).toMatch(full);
    disk.clear();
    expect(await findings()).not.toMatch(/"level":"fail"/);

    disk.fill();
    // By this word agents know that they are to begin nothing.
    await expect(scaleUntilFull()).rejects.toMatchObject({
      isFull: true,
      message: expect.stringContaining('NATS answers, and stores nothing: is the disk of its server full?'),
    });
    // The agent has something to tell now.
    process.kill(findProcess(command)!, 'SIGKILL');
    const why = /^log-writable: nothing can be stored: can't append .*: NATS answers, and stores nothing/;
    for (const role of [agent, ...control.orchestrator]) {
      const answer = await probeUntil(role, 'readyz', ({ status }) => status === 503);
      expect(failing(answer)).toEqual(expect.arrayContaining([expect.stringMatching(why)]));
      const [line] = say(role, 'nothing can be stored');
      expect(line).toMatchObject({
        level: 50,
        stream: 'MUSTER_LOG',
        why: expect.stringContaining('stores nothing'),
      });
      expect((await scrape(role)).get(`muster_store_refusing{role="${role.role}",stream="MUSTER_LOG"}`)).toBe(
        1,
      );
    }
    const { code, stdout } = await cluster.run(['doctor', '--format', 'json']);
    expect(stdout).toMatch(/"level":"fail","what":"store",.*NATS answers, and stores nothing/);
    expect(stdout).toMatch(/"level":"warn".*orchestrator.*NATS answers, and stores nothing/);
    expect(code).toBe(1);

    // The server itself goes on as if there were none.
    disk.clear();
    await expect(scale(3)).rejects.toThrow(/stores nothing/);
    await server.kill();
    server = await start(server.port);
    await cluster.intend(watch, 'scale', 'web', { replicas: 4 });
    const after = await watch.until('four tasks', hasConverged('web', 4), 60_000);
    expect(after.filter(({ id }) => before.some((task) => task.id === id))).toHaveLength(1);
    for (const role of [agent, ...controlRoles.flatMap((name) => control[name])]) {
      await probeUntil(role, 'readyz', ({ status }) => status === 200);
    }
    for (const role of [agent, ...control.orchestrator])
      expect(say(role, 'what waited can be stored again').length).toBe(
        say(role, 'nothing can be stored').length,
      );
  });

  /** What is in a page that the file has already still finds room. */
  async function scaleUntilFull(): Promise<void> {
    for (let replicas = 3; replicas < 100; replicas += 1) await scale(3 + (replicas % 2));
  }

  /** Asked with less patience than usual: nothing comes of waiting here. */
  async function scale(replicas: number): Promise<void> {
    const log = new JetStreamLog(asker, { retryForMs: 2_000 });
    await log.append(intentSubject('ana', 'service', 'scale', 'web'), encodeJson({ replicas }));
  }
});

function findProcess(command: readonly string[]): number | undefined {
  const wanted = `${command.join('\0')}\0`;
  const found = readdirSync('/proc').find((name) => {
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8') === wanted;
    } catch {
      return false;
    }
  });
  return found === undefined ? undefined : Number(found);
}
