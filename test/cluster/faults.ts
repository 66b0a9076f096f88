// What goes wrong with servers, disks and the network, by name. Each is done to a cluster at work, and returns what ends it.
import { cp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Chance } from '@muster/testing/simulation';
import { type Host, ports } from './hosts.ts';
import { askNats, type Seat, type Stage } from './stage.ts';

type Heal = () => Promise<unknown>;

export interface Fault {
  readonly says: string;
  inflict(stage: Stage, chance: Chance): Promise<Heal>;
  /** How long it lasts, in ms; by chance, as a rule. */
  readonly lastsMs?: number;
  /** Nobody who asks is to notice. */
  readonly isQuiet?: boolean;
  /** The servers lose what they had acknowledged, of one stream or of all. */
  readonly loses?: 'commands' | 'everything';
}

const LOG = 'MUSTER_LOG';
const COMMANDS = 'MUSTER_COMMANDS';

export const faults = {
  cutHost: {
    says: 'a host is cut off, with all that runs on it',
    inflict: async (stage, chance) => cutHosts(stage, [chance.pick(stage.hosts.all)]),
  },
  cutHostOfLeader: {
    says: 'the host is cut off whose server leads the log',
    inflict: async (stage) => cutHosts(stage, [stage.hostOf(await leaderOf(stage, LOG))]),
  },
  cutAllHosts: {
    says: 'every host is alone',
    inflict: async (stage) => cutHosts(stage, stage.hosts.all),
  },
  flap: {
    says: 'the link of a host comes and goes',
    async inflict(stage, chance) {
      const host = chance.pick(stage.hosts.all);
      for (let times = 0; times < 4; times += 1) {
        await stage.hosts.cutLink(host);
        await delay(chance.between(200, 1_500));
        await stage.hosts.joinLink(host);
        await delay(chance.between(200, 1_500));
      }
      return stage.hosts.mend;
    },
  },
  cutRoutes: {
    says: 'no server reaches another, and clients reach all of them',
    inflict: async (stage) => cutBetween(stage, allPairs(stage), ports.routes),
  },
  cutRoute: {
    says: 'two servers do not reach each other, and everybody else reaches everybody',
    inflict: async (stage, chance) => cutBetween(stage, [pickPair(stage, chance)], ports.routes),
  },
  partialPartition: {
    says: 'two hosts do not reach each other, and the third reaches both',
    inflict: async (stage, chance) => cutBetween(stage, [pickPair(stage, chance)]),
  },
  deafHost: {
    says: 'a host does not hear the others, who hear it',
    async inflict(stage, chance) {
      const host = chance.pick(stage.hosts.all);
      for (const other of othersOf(stage, host)) await stage.hosts.deafen(host, other);
      return stage.hosts.mend;
    },
  },
  deafLeader: {
    says: 'the server that leads the log does not hear the other servers, who hear it',
    async inflict(stage) {
      const host = stage.hostOf(await leaderOf(stage, LOG));
      for (const other of othersOf(stage, host)) await stage.hosts.deafen(host, other, ports.routes);
      return stage.hosts.mend;
    },
  },
  deafRoute: {
    says: 'one server does not hear another, who hears it',
    async inflict(stage, chance) {
      const [one, other] = pickPair(stage, chance);
      await stage.hosts.deafen(one, other, ports.routes);
      return stage.hosts.mend;
    },
  },
  slowLink: {
    says: 'a host sends half a megabit a second',
    async inflict(stage, chance) {
      await stage.hosts.slowDown(chance.pick(stage.hosts.all), 512);
      return stage.hosts.mend;
    },
  },
  lossyLink: {
    says: 'a host loses every fifth packet',
    async inflict(stage, chance) {
      await stage.hosts.lose(chance.pick(stage.hosts.all), 0.2);
      return stage.hosts.mend;
    },
  },
  lossyLinks: {
    says: 'every host loses every tenth packet',
    async inflict(stage) {
      for (const host of stage.hosts.all) await stage.hosts.lose(host, 0.1);
      return stage.hosts.mend;
    },
  },
  cutClients: {
    says: 'no client reaches one of the servers, and servers reach each other',
    async inflict(stage, chance) {
      await stage.hosts.closePort(chance.pick(stage.hosts.all), ports.clients);
      return stage.hosts.mend;
    },
  },
  cutAllClients: {
    says: 'no client reaches any server',
    async inflict(stage) {
      for (const host of stage.hosts.all) await stage.hosts.closePort(host, ports.clients);
      return stage.hosts.mend;
    },
  },
  pauseLeader: {
    says: 'the server that leads the log stands still',
    inflict: async (stage) => pauseServers(stage, [await leaderOf(stage, LOG)]),
  },
  pauseFollower: {
    says: 'a server that does not lead the log stands still',
    inflict: async (stage, chance) =>
      pauseServers(stage, [chance.pick(otherIndices(await leaderOf(stage, LOG)))]),
  },
  pauseTwo: {
    says: 'two servers stand still, and the third is no quorum',
    inflict: async (stage, chance) => pauseServers(stage, otherIndices(chance.between(0, 2))),
  },
  killLeader: {
    says: 'the server that leads the log is killed',
    inflict: async (stage) => killServers(stage, [await leaderOf(stage, LOG)]),
  },
  killCommandsLeader: {
    says: 'the server that leads the commands is killed',
    inflict: async (stage) => killServers(stage, [await leaderOf(stage, COMMANDS)]),
  },
  killMetaLeader: {
    says: 'the server that leads the servers is killed',
    inflict: async (stage) => killServers(stage, [await metaLeader(stage)]),
  },
  killTwo: {
    says: 'two servers are killed, and the third is no quorum',
    inflict: async (stage, chance) => killServers(stage, otherIndices(chance.between(0, 2))),
  },
  killAll: {
    says: 'all servers are killed',
    inflict: async (stage) => killServers(stage, [0, 1, 2]),
  },
  rollingRestart: {
    says: 'one server after the other is stopped and started again',
    isQuiet: true,
    lastsMs: 1_000,
    async inflict(stage) {
      for (const index of [0, 1, 2]) {
        await stage.servers.servers[index]!.kill('SIGTERM');
        await startServers(stage, [index]);
        await stage.servers.untilReady();
      }
      return nothing;
    },
  },
  lameDuck: {
    says: 'a server asks its clients to leave, ends, and is started again',
    isQuiet: true,
    lastsMs: 1_000,
    async inflict(stage, chance) {
      const index = chance.between(0, 2);
      const server = stage.servers.servers[index]!;
      await server.kill('SIGUSR2');
      await server.exited;
      return () => startServers(stage, [index]);
    },
  },
  stepDown: {
    says: 'the leaders of the streams give way to others, again and again',
    isQuiet: true,
    async inflict(stage) {
      for (let times = 0; times < 3; times += 1) {
        for (const stream of [LOG, COMMANDS])
          await askNats(stage, `$JS.API.STREAM.LEADER.STEPDOWN.${stream}`);
        await leaderOf(stage, LOG);
      }
      return nothing;
    },
  },
  loseStore: {
    says: 'a server is killed, and comes back with nothing',
    inflict: async (stage, chance) =>
      killServers(stage, [chance.between(0, 2)], (index) => rm(stage.storeOf(index), { recursive: true })),
  },
  loseStoreOfLeader: {
    says: 'the server that leads the log is killed, and comes back with nothing',
    inflict: async (stage) =>
      killServers(stage, [await leaderOf(stage, LOG)], (index) =>
        rm(stage.storeOf(index), { recursive: true }),
      ),
  },
  putBackStore: {
    says: 'a server comes back with what it had a while ago',
    async inflict(stage, chance) {
      const index = chance.between(0, 2);
      await keepStores(stage, [index]);
      await delay(chance.between(1_000, 4_000));
      return killServers(stage, [index], (at) => putBack(stage, at));
    },
  },
  putBackAll: {
    says: 'all servers come back with what they had a while ago',
    loses: 'everything',
    async inflict(stage, chance) {
      await keepStores(stage, [0, 1, 2]);
      await delay(chance.between(1_000, 4_000));
      return killServers(stage, [0, 1, 2], (at) => putBack(stage, at));
    },
  },
  fullDisk: {
    says: 'the disk of a server is full, and the server is started again when there is room',
    inflict: async (stage, chance) => fillDisks(stage, [chance.between(0, 2)]),
  },
  fullDisks: {
    says: 'the disks of two servers are full, and they are started again when there is room',
    inflict: async (stage, chance) => fillDisks(stage, otherIndices(chance.between(0, 2))),
  },
  pauseCopies: {
    says: 'a copy of each role stands still',
    async inflict(stage) {
      const paused = firstCopies(stage);
      for (const { process } of paused) process.signal('SIGSTOP');
      return async () => {
        for (const { process } of paused) process.signal('SIGCONT');
      };
    },
  },
  killHost: {
    says: 'all that runs on a host is killed, but for its tasks',
    async inflict(stage, chance) {
      const index = chance.between(0, 2);
      const there = stage.seats.filter(({ host }) => host === stage.hostOf(index));
      const startServer = await killServers(stage, [index]);
      await Promise.all(there.map(({ process }) => process.kill()));
      return async () => {
        await startServer();
        await Promise.all(there.map((seat) => seat.startAgain()));
      };
    },
  },
  deleteCommands: {
    says: 'the stream of commands is deleted',
    loses: 'commands',
    lastsMs: 1_000,
    async inflict(stage) {
      await askNats(stage, `$JS.API.STREAM.DELETE.${COMMANDS}`);
      return nothing;
    },
  },
} satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;
export const faultNames = Object.keys(faults) as FaultName[];

const nothing: Heal = async () => undefined;

function othersOf(stage: Stage, host: Host): Host[] {
  return stage.hosts.all.filter((other) => other !== host);
}

function otherIndices(index: number): number[] {
  return [0, 1, 2].filter((other) => other !== index);
}

function allPairs({ hosts }: Stage): [Host, Host][] {
  return hosts.all.flatMap((one, at) => hosts.all.slice(at + 1).map((other): [Host, Host] => [one, other]));
}

function pickPair(stage: Stage, chance: Chance): [Host, Host] {
  const [one, other] = chance.pick(allPairs(stage));
  return chance.happens(0.5) ? [one, other] : [other, one];
}

function firstCopies({ seats }: Stage): Seat[] {
  return seats.filter(
    ({ role }, at) => role !== 'agent' && seats.findIndex((seat) => seat.role === role) === at,
  );
}

async function cutHosts(stage: Stage, cut: readonly Host[]): Promise<Heal> {
  for (const host of cut) await stage.hosts.cutLink(host);
  return stage.hosts.mend;
}

async function cutBetween(
  stage: Stage,
  pairs: readonly (readonly [Host, Host])[],
  port?: number,
): Promise<Heal> {
  for (const [one, other] of pairs) {
    await stage.hosts.deafen(one, other, port);
    await stage.hosts.deafen(other, one, port);
  }
  return stage.hosts.mend;
}

async function pauseServers({ servers }: Stage, indices: readonly number[]): Promise<Heal> {
  for (const index of indices) await servers.servers[index]!.kill('SIGSTOP');
  return async () => {
    for (const index of indices) await servers.servers[index]!.kill('SIGCONT');
  };
}

async function killServers(
  stage: Stage,
  indices: readonly number[],
  meanwhile: (index: number) => Promise<unknown> = nothing,
): Promise<Heal> {
  await Promise.all(indices.map((index) => stage.servers.servers[index]!.kill()));
  await Promise.all(indices.map(meanwhile));
  return () => startServers(stage, indices);
}

async function startServers({ servers }: Stage, indices: readonly number[]): Promise<void> {
  await Promise.all(indices.map((index) => servers.restart(index)));
}

const keptStore = (stage: Stage, index: number) => join(stage.cluster.dir, `kept${index}`);

/** As a copy of a disk is made, which the server does not wait for. */
async function keepStores(stage: Stage, indices: readonly number[]): Promise<void> {
  for (const index of indices) await stage.servers.servers[index]!.kill('SIGSTOP');
  for (const index of indices)
    await cp(stage.storeOf(index), keptStore(stage, index), { recursive: true, force: true });
  for (const index of indices) await stage.servers.servers[index]!.kill('SIGCONT');
}

async function putBack(stage: Stage, index: number): Promise<void> {
  await rm(stage.storeOf(index), { recursive: true });
  await cp(keptStore(stage, index), stage.storeOf(index), { recursive: true });
  await rm(keptStore(stage, index), { recursive: true });
}

/** A server whose disk was full keeps its JetStream off until it is started again. */
async function fillDisks(stage: Stage, indices: readonly number[]): Promise<Heal> {
  const ballast = (index: number) => join(stage.directoryOf(index), 'ballast');
  for (const index of indices) await fill(ballast(index));
  return async () => {
    await Promise.all(
      indices.map(async (index) => {
        await rm(ballast(index));
        // It may not end when it is asked to.
        await stage.servers.servers[index]!.stop();
      }),
    );
    await startServers(stage, indices);
  };
}

async function fill(path: string): Promise<void> {
  const file = await open(path, 'w');
  const block = new Uint8Array(1_048_576).fill(1);
  try {
    for (;;) await file.write(block);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    await file.close();
  }
}

async function leaderOf({ servers }: Stage, stream: string): Promise<number> {
  return untilKnown(() => servers.leaderOf(stream), `who leads ${stream}`);
}

async function metaLeader({ servers }: Stage): Promise<number> {
  return untilKnown(() => servers.metaLeader(), 'who leads the servers');
}

async function untilKnown(ask: () => Promise<number | undefined>, what: string): Promise<number> {
  for (let times = 0; times < 300; times += 1) {
    const known = await ask();
    if (known !== undefined) return known;
    await delay(50); // an election is not announced
  }
  throw new Error(`nobody knows ${what}`);
}
