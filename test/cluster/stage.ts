// Three hosts with a nats-server each, every stream on all of them, the copies of each role spread over them, and agents with
// real tasks. What is asked of it comes from users, whom no fault keeps from asking.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectNats, type NatsCluster, type NatsServerProcess, startNatsCluster } from '@muster/runtime';
import type { Chance } from '@muster/testing/simulation';
import { type ControlRole, controlRoles, startCluster, type TestCluster } from '../harness/cluster.ts';
import type { RoleProcess } from '../harness/role-process.ts';
import { areReady } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';
import { type Host, type Hosts, startHosts } from './hosts.ts';
import { type Load, startLoad } from './load.ts';

const SIZE = 3;
/** One more than enough of those that everybody asks. */
const copiesOf = (role: ControlRole) => (role === 'api' ? 3 : 2);
const DISK = '128m';
/** Only what would try nothing but patience is shorter than NATS has it. */
const SERVER_CONFIG = 'lame_duck_duration: 30s\nlame_duck_grace_period: 1s';

/** A process and where it runs, whichever process it is by now. */
export interface Seat {
  readonly role: ControlRole | 'agent';
  readonly host: Host;
  process: RoleProcess;
  startAgain(): Promise<void>;
}

export interface Stage {
  readonly hosts: Hosts;
  readonly servers: NatsCluster;
  readonly cluster: TestCluster;
  readonly seats: readonly Seat[];
  readonly load: Load;
  readonly watch: Watch;
  /** The log is another one than was watched. */
  watchAgain(): Promise<void>;
  hostOf(index: number): Host;
  /** Where a server keeps what it has. */
  storeOf(index: number): string;
  directoryOf(index: number): string;
  stop(): Promise<void>;
}

export async function startStage(chance: Chance): Promise<Stage> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const end of undo.splice(0).reverse()) await end();
  };
  try {
    const dir = await mkdtemp(join(tmpdir(), 'muster-servers-'));
    undo.push(() => rm(dir, { recursive: true, force: true }));
    const hosts = await startHosts(SIZE);
    undo.push(() => hosts.stop());
    const cluster = await startCluster({
      url: hosts.all.map(({ address }) => `nats://${address}:4222`).join(','),
      heartbeatMs: 1_000,
      env: { MUSTER_STREAM_REPLICAS: String(SIZE) },
    });
    const directoryOf = (index: number) => join(dir, `n${index + 1}`);
    for (const [index] of hosts.all.entries()) await hosts.addDisk(directoryOf(index), DISK);
    const servers = await startNatsCluster({
      dir,
      size: SIZE,
      hosts: hosts.all,
      extraConfig: SERVER_CONFIG,
    });
    undo.push(() => Promise.all(servers.servers.map((server) => endServer(server))));
    undo.push(() => cluster.stop());
    const seats = await fillSeats(cluster, hosts.all);
    let watch = await cluster.watch();
    await watch.until('all nodes', areReady(SIZE));
    const load = await startLoad(hosts.all, chance);
    undo.push(() => load.stop());
    return {
      hosts,
      servers,
      cluster,
      seats,
      load,
      get watch() {
        return watch;
      },
      async watchAgain() {
        await watch.stop();
        watch = await cluster.watch();
      },
      hostOf: (index) => hosts.all[index]!,
      storeOf: (index) => join(directoryOf(index), 'jetstream'),
      directoryOf,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** However it is: paused, say. */
async function endServer(server: NatsServerProcess): Promise<void> {
  await server.kill();
}

/** Each role's copies on different hosts, and each role's first one on another host than that of the role before. */
async function fillSeats(cluster: TestCluster, hosts: readonly Host[]): Promise<Seat[]> {
  const control = controlRoles.flatMap((role, turn) =>
    Array.from({ length: copiesOf(role) }, (_, copy) => ({ role, host: hosts[(turn + copy) % SIZE]! })),
  );
  const take = async (role: Seat['role'], host: Host): Promise<Seat> => {
    const metrics = ['--metrics', `${host.address}:0`];
    const start = () =>
      role === 'agent'
        ? cluster.startAgent(nameNode(host), { backend: 'process', args: metrics, via: host.via })
        : cluster.launch([role, ...metrics], {}, host.via);
    const seat: Seat = {
      role,
      host,
      process: await start(),
      async startAgain() {
        seat.process = await start();
      },
    };
    return seat;
  };
  // The first one makes the streams.
  const [first, ...others] = control;
  const seats = [await take(first!.role, first!.host)];
  seats.push(...(await Promise.all(others.map(({ role, host }) => take(role, host)))));
  seats.push(...(await Promise.all(hosts.map((host) => take('agent', host)))));
  return seats;
}

export function nameNode({ index }: Host): string {
  return `host${index}`;
}

/** For what is asked of NATS itself. */
export async function askNats(stage: Stage, subject: string, body: object = {}): Promise<unknown> {
  const nc = await connectNats(stage.cluster.url, { name: 'test' });
  try {
    return (await nc.request(subject, JSON.stringify(body), { timeout: 5_000 })).json();
  } finally {
    await nc.close();
  }
}
