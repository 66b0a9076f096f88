// The address of this machine that other nodes are to reach it by, where nobody has said which: the one from which it would send to
// the rest of the world. Nothing is sent for that.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Nobody's (RFC 5737). */
const ELSEWHERE = '192.0.2.1';

/** Undefined where the machine has no address but the loopback's. */
export async function findUnderlay(): Promise<string | undefined> {
  const socket = createSocket('udp4');
  try {
    socket.connect(9, ELSEWHERE);
    await once(socket, 'connect');
    return socket.address().address;
  } catch {
    const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
    return all.find(({ internal, address }) => !internal && isIPv4(address) && !isOfLink(address))?.address;
  } finally {
    socket.close();
  }
}

function isOfLink(address: string): boolean {
  return address.startsWith('169.254.');
}
