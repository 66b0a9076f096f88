// A client that asks one question at a time, from an address of its choice; and the process, for tests.
import { createSocket } from 'node:dgram';
import { createConnection } from 'node:net';
import {
  decode,
  encode,
  type OptAnswer,
  RECURSION_DESIRED,
  type RecordType,
  TRUNCATED_RESPONSE,
} from 'dns-packet';
import { createFrames, frame } from './wire/frames.ts';

export interface Asked {
  readonly port: number;
  readonly host?: string;
  /** Who asks. */
  readonly from?: string;
  readonly type?: RecordType;
  readonly tcp?: boolean;
  /** What it takes in a datagram. */
  readonly size?: number;
  readonly timeoutMs?: number;
}

export interface Told {
  readonly rcode: string;
  readonly found: readonly string[];
  readonly isCut: boolean;
}

export async function ask(name: string, asked: Asked): Promise<Told> {
  const { type = 'A', size } = asked;
  const message = encode({
    type: 'query',
    id: 1 + Math.floor(Math.random() * 65_535),
    flags: RECURSION_DESIRED,
    questions: [{ name, type }],
    ...(size && { additionals: [{ ...opt, udpPayloadSize: size }] }),
  });
  const bytes = await exchange(message, asked);
  const flags = bytes.readUInt16BE(2);
  return {
    rcode: rcodes[flags & 15] ?? String(flags & 15),
    found: decode(bytes).answers!.map((one) => ('data' in one ? String(one.data) : '')),
    isCut: (flags & TRUNCATED_RESPONSE) !== 0,
  };
}

/** The bytes that come back. Rejects when nothing does. */
export function exchange(message: Buffer, asked: Asked): Promise<Buffer> {
  const { host = '127.0.0.1', port, from = '127.0.0.1', timeoutMs = 10_000 } = asked;
  return new Promise((resolve, reject) => {
    const close = asked.tcp ? overTcp() : overUdp();
    const timer = setTimeout(() => end(() => reject(new Error('no answer'))), timeoutMs);
    function end(settle: () => void) {
      clearTimeout(timer);
      close();
      settle();
    }
    function overUdp() {
      const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
      socket.on('error', (error) => end(() => reject(error)));
      socket.on('message', (answer) => end(() => resolve(answer)));
      socket.bind(0, from, () => socket.send(message, port, host));
      return () => socket.close();
    }
    function overTcp() {
      const socket = createConnection({ host, port, localAddress: from });
      socket.on('error', (error) => end(() => reject(error)));
      socket.on(
        'data',
        createFrames((answer) => end(() => resolve(answer))),
      );
      socket.write(frame(message));
      return () => socket.destroy();
    }
  });
}

const rcodes = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];

const opt: OptAnswer = {
  type: 'OPT',
  name: '.',
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
  udpPayloadSize: 1232,
};
