// The resolver of a node: answers what the agent has told for the networks of who asks, and asks the node's own servers for
// everything else. Decides nothing, and needs nothing but its folder: not the agent, the bus nor the engine.
import { type Clock, type Logger, systemClock } from '@muster/runtime';
import { type Counts, createCounts } from './counts.ts';
import { decide } from './names/decide.ts';
import { followNames, type NamesFollower } from './names/follow-names.ts';
import { serveTcp } from './serve/serve-tcp.ts';
import { serveUdp } from './serve/serve-udp.ts';
import type { AnswerMessage, Served } from './serve/served.ts';
import { DNS_PORT, type ServerAddress, writeServerAddress } from './server-address.ts';
import { createHostServers } from './upstream/host-servers.ts';
import { createUpstreams } from './upstream/upstreams.ts';
import { replyTo } from './wire/reply-to.ts';

export interface ResolverOptions {
  /** Port 0 is any that is free. */
  readonly listen: readonly ServerAddress[];
  readonly folder: string;
  /** Instead of those of the host. */
  readonly upstreams?: readonly ServerAddress[];
  readonly logger: Logger;
  readonly clock?: Clock;
}

export interface Resolver {
  readonly addresses: readonly string[];
  /** What was counted since the start, and how much is known. */
  read(): ResolverReading;
  stop(): Promise<void>;
}

export interface ResolverReading extends Counts {
  readonly networks: number;
  readonly names: number;
  readonly askers: number;
  /** Files that can't be read, with why. */
  readonly broken: Readonly<Record<string, string>>;
}

/** Questions that others are asked at a time, each with a port of its own; and for one asker, so that the rest have some. */
const MOST_FORWARDED = 500;
const MOST_FOR_ONE = 100;

/** Resolves when every address is answered on. Throws `StartError`. */
export async function startResolver(options: ResolverOptions): Promise<Resolver> {
  const { listen, folder, logger, clock = systemClock } = options;
  const counts = createCounts();
  const hostServers = createHostServers();
  const names = await followNames({
    folder,
    clock,
    logger,
    counts,
    ...(!options.upstreams && { beside: hostServers.look }),
  });
  const upstreams = createUpstreams(counts, clock);
  const served: Served[] = [];
  const own = new Set(listen.map(writeServerAddress));

  async function stop(): Promise<void> {
    names.stop();
    upstreams.close();
    await Promise.all(served.map((one) => one.close()));
  }

  /** Those of the asker's service, of the command line or of the host; never ourselves. */
  function serversFor(nameservers: readonly string[] | undefined): ServerAddress[] {
    const servers =
      nameservers?.map((host) => ({ host, port: DNS_PORT })) ?? options.upstreams ?? hostServers.current;
    return servers.filter((server) => !own.has(writeServerAddress(server)));
  }

  const forwarding = new Map<string, number>();
  let forwarded = 0;
  const answer: AnswerMessage = (message, from, transport) => {
    const outcome = replyTo(message, transport, counts, (question) =>
      decide(question, from, names.directory, Math.random()),
    );
    if (outcome.is === 'silence') return undefined;
    if (outcome.is === 'reply') return outcome.message;
    const servers = serversFor(outcome.nameservers);
    const mine = forwarding.get(from) ?? 0;
    const isTooMany = forwarded >= MOST_FORWARDED || mine >= MOST_FOR_ONE;
    if (isTooMany || servers.length === 0) {
      counts.failures[isTooMany ? 'too-many' : 'no-upstream'] += 1;
      counts.queries.failed += 1;
      return outcome.fail();
    }
    forwarded += 1;
    forwarding.set(from, mine + 1);
    return upstreams.forward(message, transport, servers).then((reply) => {
      forwarded -= 1;
      const left = forwarding.get(from)! - 1;
      if (left > 0) forwarding.set(from, left);
      else forwarding.delete(from);
      counts.queries[reply ? 'forwarded' : 'failed'] += 1;
      return reply ?? outcome.fail();
    });
  };

  try {
    for (const address of listen) {
      const tcp = await serveTcp(address, answer);
      served.push(tcp);
      const both = { ...address, port: tcp.port };
      own.add(writeServerAddress(both));
      served.push(await serveUdp(both, answer, counts));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  if (serversFor(undefined).length === 0)
    logger.warn(
      { hint: 'name one in /etc/resolv.conf, or with --upstream; those on a loopback address are not asked' },
      'there is no DNS server to ask for names outside',
    );
  return {
    addresses: [...own].filter((address) => !address.endsWith(':0')),
    read: () => ({ ...counts, ...measure(names) }),
    stop,
  };
}

function measure({ directory, broken }: NamesFollower) {
  const { networks, askers } = directory;
  return {
    networks: networks.size,
    names: [...networks.values()].reduce((sum, network) => sum + network.names.size, 0),
    askers: askers.size,
    broken: Object.fromEntries(broken),
  };
}
