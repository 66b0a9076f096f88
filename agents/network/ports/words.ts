// What is said to the process that holds ports, a line each way. Everything that is to be held is said each time.

export interface HeldPort {
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  /** Of the machine's addresses of IPv6, and of those alone; left out, of IPv4. */
  readonly ipv6?: true;
}

export interface Order {
  readonly ports: readonly HeldPort[];
  /** It is to end once it has obeyed. */
  readonly end?: boolean;
}

export interface RefusedPort extends HeldPort {
  /** EADDRINUSE, mostly. */
  readonly reason: string;
}

export interface Answer {
  readonly refused: RefusedPort[];
}

export function sayPort({ protocol, port }: { readonly protocol: string; readonly port: number }): string {
  return `${protocol} . ${port}`;
}

/** The same port is another one's to hold in each family. */
export function sayHeld(port: HeldPort): string {
  return port.ipv6 === true ? `ip6 ${sayPort(port)}` : sayPort(port);
}
