// Makes the kernel forget connections of UDP that go on as they shouldn't: one look, and one more fork when there are any.
import type { Family } from '../addressing.ts';
import { type Flow, forgetFlow, parseFlows } from '../rules/flows.ts';
import { type Netns, runOrFail } from './run.ts';

/** It opens what it reads by name, which can't be done to the socket that a child of ours has for an input. */
const FORGET = ['sh', '-c', 'cat | conntrack -R -'];

export async function forgetFlows(
  netns: Netns,
  { name }: Family,
  isWrong: (flow: Flow) => boolean,
): Promise<number> {
  const ask = ['conntrack', '-L', '-f', name === 'ip' ? 'ipv4' : 'ipv6', '-p', 'udp'];
  const wrong = parseFlows(await runOrFail(netns, ask)).filter(isWrong);
  if (wrong.length > 0) await runOrFail(netns, FORGET, `${wrong.map(forgetFlow).join('\n')}\n`);
  return wrong.length;
}
