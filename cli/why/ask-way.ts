// Asks the API what is to be, and the nodes at both ends what is.
import { lookAtNetworks } from '@muster/agent';
import type { Way, WayTask } from '@muster/api';
import type { NetworkRequest } from '@muster/events';
import type { Context } from '../commands/context.ts';
import { type Asked, addressOn, type WayNetwork } from './judge-sender.ts';
import { findEnds, type Seen } from './judge-way.ts';

/** A node forks some programs, and a connection may be waited for. */
const NODE_TIMEOUT_MS = 8_000;
/** Targets whose nodes are asked, at most. */
const MOST_TARGETS = 16;

export interface WayOptions {
  readonly from: string;
  readonly to: string;
  readonly port: number | undefined;
  /** Whether a connection is tried. */
  readonly connect: boolean;
}

export async function askWay(
  context: Pick<Context, 'bus' | 'queries' | 'team'>,
  { from, to, port, connect }: WayOptions,
): Promise<Seen> {
  const { bus, queries, team } = context;
  const { answer: whole } = await queries.ask('network.way', { from, to, team });
  const way = chooseNetwork(whole);
  const [network] = way.networks;
  if (network === undefined || way.from.node === undefined)
    return { way, client: undefined, targets: new Map(), port };
  const ends = findEnds(way, network).slice(0, MOST_TARGETS);

  async function ask(task: WayTask, request: NetworkRequest): Promise<Asked> {
    try {
      const nodeId = task.node!.id;
      const asked = { ...request, taskId: task.id, networkId: network!.id };
      const answer = await lookAtNetworks({ bus, nodeId, request: asked, timeoutMs: NODE_TIMEOUT_MS });
      return answer.ok ? answer : { refused: answer.message };
    } catch (error) {
      return { silent: error instanceof Error ? error.message : String(error) };
    }
  }

  const host = network.vip ?? network.endpoints[0]?.address;
  const { vip } = network;
  const back = addressOn(way.from, network);
  const [client, ...others] = await Promise.all([
    ask(way.from, {
      name: network.names[0]!,
      ...(vip !== undefined && { vip }),
      to: ends.map((task) => addressOn(task, network)!),
      ...(connect && port !== undefined && host !== undefined && { connect: { host, port } }),
    }),
    ...ends.map((task) => ask(task, back === undefined ? {} : { to: [back] })),
  ]);
  return { way, client, targets: new Map(ends.map(({ id }, index) => [id, others[index]!])), port };
}

/** Where it has an address comes first: that is the way that packets go. */
function chooseNetwork(way: Way): Way {
  const hasAddress = (network: WayNetwork) => Number(addressOn(way.from, network) === undefined);
  const networks = [...way.networks].sort((a, b) => hasAddress(a) - hasAddress(b));
  return { ...way, networks };
}
