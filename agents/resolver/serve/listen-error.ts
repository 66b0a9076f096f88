// Why an address can't be answered on, and what to do about it.
import { StartError } from '@muster/runtime';
import { type ServerAddress, writeServerAddress } from '../server-address.ts';

export function explainListening(
  address: ServerAddress,
  { code, message }: NodeJS.ErrnoException,
): StartError {
  return new StartError(
    `can't answer names on ${writeServerAddress(address)}: ${explain(address, code, message)}`,
  );
}

function explain({ port }: ServerAddress, code: string | undefined, message: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return `something else listens there. \`ss -lntup 'sport = :${port}'\` says what; end it, or give another address with --listen`;
    case 'EADDRNOTAVAIL':
      return 'no interface here has that address. `ip address` shows those that there are';
    case 'EACCES':
      return 'ports below 1024 are for root, or for who has CAP_NET_BIND_SERVICE';
    default:
      return message;
  }
}
