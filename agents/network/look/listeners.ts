// Who listens in a namespace, of what /proc/net says. Pure.

export interface Listener {
  readonly protocol: 'tcp' | 'udp';
  /** 0.0.0.0 and :: stand for every address. */
  readonly address: string;
  readonly port: number;
}

const LISTEN = '0A';
/** A socket of UDP that nobody has connected. */
const UNCONNECTED = '07';

/** `/proc/net/tcp`, `tcp6`, `udp` and `udp6` one after another, each behind a line with its name. */
export function parseListeners(text: string): Listener[] {
  const found = new Map<string, Listener>();
  let protocol: Listener['protocol'] = 'tcp';
  for (const line of text.split('\n')) {
    const heading = /^(tcp|udp)6?$/.exec(line)?.[1];
    if (heading) protocol = heading as Listener['protocol'];
    const [, hex, port, remote, state] =
      /^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]+:([0-9A-F]{4}) ([0-9A-F]{2}) /.exec(line) ?? [];
    if (hex === undefined || state !== (protocol === 'tcp' ? LISTEN : UNCONNECTED) || remote !== '0000')
      continue;
    const listener = { protocol, address: readAddress(hex), port: Number.parseInt(port!, 16) };
    found.set(`${protocol} ${listener.address} ${port}`, listener);
  }
  return [...found.values()];
}

/** Words of four bytes, each the other way round. */
function readAddress(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => word.match(/../g)!.reverse());
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.');
  const groups = (bytes.join('').match(/.{4}/g) ?? []).map((group) => Number.parseInt(group, 16));
  if (groups.every((group) => group === 0)) return '::';
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped)
    return bytes
      .slice(12)
      .map((byte) => Number.parseInt(byte, 16))
      .join('.');
  return groups.map((group) => group.toString(16)).join(':');
}
