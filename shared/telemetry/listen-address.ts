// Where to listen, as people write it. Pure.

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

const LOOPBACK = '127.0.0.1';

/**
 * "127.0.0.1:9600"; "9600" is on the loopback interface only, because whoever can ask is told everything; ":9600" is
 * on all interfaces; port 0 is any that is free. Undefined when it is none of these.
 */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const found = /^(?:(\[[0-9a-fA-F:.]+\]|[^:\s]*)(:))?(\d{1,5})$/.exec(text.trim());
  if (!found) return undefined;
  const [, host = '', colon, digits] = found;
  const port = Number(digits);
  if (port > 65_535) return undefined;
  if (colon === undefined) return { host: LOOPBACK, port };
  return { host: host === '' ? '::' : host.replace(/^\[|\]$/g, ''), port };
}
