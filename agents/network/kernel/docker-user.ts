// Docker drops what it doesn't forward itself, and what its chain drops no other table can let pass. DOCKER-USER is the
// place that it leaves for others: one rule there lets pass what our own table has marked.
import { PASS_MARK } from '../rules/host-table.ts';
import { type Netns, run } from './run.ts';

/** Does nothing where there is no such chain. */
export async function passDocker(netns: Netns, name: string): Promise<void> {
  for (const program of PROGRAMS)
    if ((await iptables(program, netns, '-C', name)) !== 0) await iptables(program, netns, '-I', name);
}

export async function unpassDocker(netns: Netns, name: string): Promise<void> {
  for (const program of PROGRAMS) while ((await iptables(program, netns, '-D', name)) === 0);
}

/** Whether the chain is there, and drops what is ours. */
export async function isInTheWay(netns: Netns, name: string): Promise<boolean> {
  if ((await iptables('iptables', netns, '-C', name)) === 0) return false;
  const chain = await run(netns, ['iptables', '-w', '5', '-n', '-L', 'DOCKER-USER']).catch(() => undefined);
  return chain?.code === 0;
}

/** One for each family of addresses. */
const PROGRAMS = ['iptables', 'ip6tables'];

async function iptables(program: string, netns: Netns, verb: string, name: string): Promise<number> {
  const rule = [
    '-m',
    'mark',
    '--mark',
    `${PASS_MARK}/${PASS_MARK}`,
    '-m',
    'comment',
    '--comment',
    name,
    '-j',
    'ACCEPT',
  ];
  const outcome = await run(netns, [program, '-w', '5', verb, 'DOCKER-USER', ...rule]).catch(() => undefined);
  // Without the program there is nobody who could have made the chain.
  return outcome?.code ?? -1;
}
