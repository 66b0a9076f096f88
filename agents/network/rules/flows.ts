// Which connections the kernel tracks lead where nothing is any more, or pass by where they should be led. A TCP connection
// ends by itself; a client that speaks UDP from one port goes on for ever as it began.
import { isIpv6Text } from '@muster/model';
import type { NetworkPlan } from '../plan.ts';

export interface Flow {
  readonly from: string;
  readonly to: string;
  readonly sourcePort: string;
  readonly port: string;
  /** Who answers, and from where. */
  readonly server: string;
  readonly serverPort: string;
}

/** Lines of `conntrack -L -p udp`. */
export function parseFlows(text: string): Flow[] {
  const shape =
    /^udp .*?src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+) .*?src=(\S+) dst=\S+ sport=(\d+) dport=\d+/;
  return text.split('\n').flatMap((line) => {
    const found = shape.exec(line);
    if (found === null) return [];
    const [, from, to, sourcePort, port, server, serverPort] = found as unknown as string[];
    return [
      {
        from: from!,
        to: to!,
        sourcePort: sourcePort!,
        port: port!,
        server: server!,
        serverPort: serverPort!,
      },
    ];
  });
}

/** In the router: led to what is no endpoint, or no longer. */
export function isStale(plan: NetworkPlan): (flow: Flow) => boolean {
  const services = new Map(plan.services.map(({ vip, endpoints }) => [vip, new Set(endpoints)]));
  const targets = new Map(
    plan.published
      .filter(({ protocol }) => protocol === 'udp')
      .map(({ port, target, endpoints }) => [`${port}`, new Set(endpoints.map((one) => `${one}:${target}`))]),
  );
  return ({ to, port, server, serverPort }) => {
    if (server === to) return false;
    const endpoints = services.get(to);
    if (endpoints !== undefined) return !endpoints.has(server);
    return !(targets.get(port)?.has(`${server}:${serverPort}`) ?? false);
  };
}

/** On the host: led to the router though the port isn't ours, or not led there though it is. */
export function isAstray(
  hostAddresses: ReadonlySet<string>,
  router: string,
  led: ReadonlySet<string>,
): (flow: Flow) => boolean {
  return ({ to, port, server }) => {
    if (!hostAddresses.has(to) && !to.startsWith('127.') && to !== '::1') return false;
    return led.has(`udp . ${port}`) ? server === to : server === router;
  };
}

/** For `conntrack -R`. */
export function forgetFlow({ from, to, sourcePort, port }: Flow): string {
  return `-D -f ${isIpv6Text(to) ? 'ipv6' : 'ipv4'} -p udp --orig-src ${from} --orig-dst ${to} --sport ${sourcePort} --dport ${port}`;
}
