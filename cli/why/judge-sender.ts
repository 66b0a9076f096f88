// The first half of a way: the task that sends, the network that both are on, the name, and the address behind it. Pure.

import type { Way, WayTask } from '@muster/api';
import type { NetworkAnswer } from '@muster/events';
import { doubts, passes, type Step, stops } from './step.ts';

export type Look = Extract<NetworkAnswer, { ok: true }>;
/** Of a node: what it has; or a sentence where it has nothing to say. */
export type Asked = Look | { readonly silent: string } | { readonly refused: string };
export type WayNetwork = Way['networks'][number];

/** The sender, and the network by which its packets go. */
export function judgeStart({ from, fromNetworks, to, networks }: Way): Step[] {
  const [network] = networks;
  const steps = [judgeTask(from)];
  if (network === undefined) {
    const theirs = to.networks.length === 0 ? 'no network' : to.networks.join(', ');
    const own = fromNetworks.length === 0 ? 'no network' : fromNetworks.join(', ');
    return [
      ...steps,
      stops('network')(
        `they share no network: ${from.name} is on ${own}, ${to.name} on ${theirs}`,
        `put both on one: muster service update --network-add NETWORK ${to.service.name}`,
      ),
    ];
  }
  if (network.failure !== undefined)
    return [...steps, stops('network')(`${network.name} has no subnet: ${network.failure}`)];
  const address = addressOn(from, network);
  if (address === undefined) {
    const why = from.err === '' ? '' : `: ${from.err}`;
    return [...steps, stops('network')(`${from.name} has no address on ${network.name} yet${why}`)];
  }
  return [...steps, passes('network')(`both are on ${network.name}, where ${from.name} is ${address}`)];
}

export function judgeTask({ name, state, desired, err, node }: WayTask): Step {
  if (node === undefined || state !== 'running')
    return stops('task')(
      `${name} is ${state}${err === '' ? '' : `: ${err}`}`,
      `muster audit ${name.split('.').slice(0, 2).join('.')} tells how it came to that`,
    );
  if (node.status === 'down')
    return stops('task')(`${node.hostname}, the node of ${name}, is down`, 'muster doctor');
  if (desired !== 'running') return doubts('task')(`${name} runs on ${node.hostname}, and is to stop`);
  return passes('task')(`${name} runs on ${node.hostname}`);
}

/** How far the node of a task goes by what the cluster says. */
export function judgeNode({ node }: WayTask, asked: Asked | undefined): Step {
  const host = node!.hostname;
  if (asked === undefined || 'silent' in asked)
    return doubts('node')(
      `${host} does not answer: what its kernel has is not known, and goes on as it was`,
      `is \`muster agent\` running there, and does it reach NATS?`,
    );
  if ('refused' in asked) return stops('node')(`${host}: ${asked.refused}`, 'muster doctor');
  if (asked.trouble !== undefined)
    return doubts('node')(`${host} can't make its networks as they are to be: ${asked.trouble}`);
  if (asked.follows < asked.heard)
    return doubts('node')(
      `${host} goes by what was said up to ${asked.follows} of ${asked.heard}`,
      'try again in a moment: it is behind, or the look came in between',
    );
  return passes('node')(`${host} goes by all that it was told (${asked.follows})`);
}

export function judgeName({ endpoints, vip, names }: WayNetwork, host: string, look: Look): Step[] {
  const { name: answer, resolver } = look;
  const name = names[0]!;
  if (!resolver)
    return [
      stops('name')(
        `nobody answers names on ${host}: its resolver is not there`,
        'the agent starts it within two seconds; why it does not stay is in resolver.log, below /run/muster',
      ),
    ];
  if (answer === undefined) return [];
  if ('error' in answer)
    return [stops('name')(`the resolver of ${host} says of ${name}: ${explainName(answer.error)}`)];
  const should = vip === undefined ? endpoints.map(({ address }) => address) : [vip];
  const found = answer.addresses;
  const isSame = found.length === should.length && should.every((address) => found.includes(address));
  if (!isSame)
    return [
      stops('name')(
        `${name} is ${found.join(', ') || 'nobody'} to the resolver of ${host}, and should be ${should.join(', ') || 'nobody'}`,
      ),
    ];
  return [passes('name')(`${name} is ${found.join(', ')}`)];
}

/** Who takes traffic, as the log says and as the kernel goes by. */
export function judgeAddress(way: Way, network: WayNetwork, asked: Asked | undefined): Step[] {
  const { to } = way;
  const should = network.endpoints.map(({ address }) => address);
  const own = network.vip ?? should[0];
  if (should.length === 0) {
    const [worst] = to.tasks.filter(({ err }) => err !== '');
    const why = worst ? `; ${worst.name} is ${worst.state}: ${worst.err}` : '';
    const whom = to.kind === 'task' ? `${to.name} takes no traffic` : `nobody takes traffic for ${to.name}`;
    return [
      stops('address')(
        `${whom}: ${to.running} of ${to.wanted} tasks run${why}`,
        `muster service ps ${to.service.name}`,
      ),
    ];
  }
  if (network.vip === undefined || !isLook(asked))
    return [passes('address')(`${own} leads to ${should.join(', ')}`)];
  const has = asked.endpoints ?? [];
  const [lacking, surplus] = [without(should, has), without(has, should)];
  if (has.length === 0)
    return [
      stops('address')(`the node has no rule for ${network.vip}, which should lead to ${should.join(', ')}`),
    ];
  if (surplus.length > 0)
    return [stops('address')(`${network.vip} also leads to ${surplus.join(', ')}, where nobody is any more`)];
  if (lacking.length > 0)
    return [
      doubts('address')(
        `${network.vip} does not lead to ${lacking.join(', ')} yet, but to ${has.join(', ')}`,
      ),
    ];
  return [passes('address')(`${network.vip} leads to ${has.join(', ')}`)];
}

export function isLook(asked: Asked | undefined): asked is Look {
  return asked !== undefined && 'ok' in asked;
}

export function addressOn({ addresses }: WayTask, { id }: Pick<WayNetwork, 'id'>): string | undefined {
  return addresses.find(({ networkId }) => networkId === id)?.address;
}

function explainName(code: string): string {
  if (code === 'ENOTFOUND') return 'there is no such name';
  if (code === 'ETIMEOUT') return 'nothing, in a second and a half';
  return code;
}

function without(all: readonly string[], some: readonly string[]): string[] {
  return all.filter((one) => !some.includes(one));
}
