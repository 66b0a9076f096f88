// The DNS servers of the host, read again when its files change: a machine that moves to another network has others.
import { readFile, stat } from 'node:fs/promises';
import type { ServerAddress } from '../server-address.ts';
import { isLoopback, readResolvConf } from './resolv-conf.ts';

/** The second has the real ones where the first only names systemd's own server, on a loopback that is not ours. */
export const HOST_FILES = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'] as const;

export interface HostServers {
  readonly current: readonly ServerAddress[];
  /** Looks whether they have changed. */
  look(): Promise<void>;
}

export function createHostServers(files: readonly string[] = HOST_FILES): HostServers {
  let current: readonly ServerAddress[] = [];
  let seen = '';
  return {
    get current() {
      return current;
    },
    async look() {
      const stamps = (await Promise.all(files.map(stampOf))).join();
      if (stamps === seen) return;
      const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
      current =
        texts.map((text) => readResolvConf(text).filter((one) => !isLoopback(one))).find(isFilled) ?? [];
      seen = stamps;
    },
  };
}

async function stampOf(file: string): Promise<string> {
  const found = await stat(file).catch(() => undefined);
  return found ? `${found.ino}:${found.size}:${found.mtimeMs}` : 'none';
}

const isFilled = (servers: readonly ServerAddress[]) => servers.length > 0;
