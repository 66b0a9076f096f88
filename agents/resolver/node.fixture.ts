// The resolver of a node, as its agent has it: the built program, and the folder that the agent writes.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RoleProcess, startRole } from '../../test/harness/role-process.ts';
import type { Askers, NetworkNames } from './names/forms.ts';
import { storeAskers, storeNetworkNames } from './names/store-names.ts';

export interface NamedNode {
  readonly folder: string;
  readonly process: RoleProcess;
  readonly port: number;
  /** The agent says something else. */
  tell(...networks: readonly NetworkNames[]): Promise<void>;
  tellAskers(askers: Askers['askers']): Promise<void>;
  /** What it has logged as a warning or worse. */
  complaints(): string[];
  end(): Promise<void>;
}

export interface NodeOptions {
  readonly networks?: readonly NetworkNames[];
  readonly askers?: Askers['askers'];
  readonly args?: readonly string[];
  readonly listen?: string;
  readonly via?: readonly string[];
}

export async function startNode(options: NodeOptions = {}): Promise<NamedNode> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-names-'));
  for (const network of options.networks ?? []) await storeNetworkNames(folder, network);
  await storeAskers(folder, { v: 1, askers: options.askers ?? {} });
  const process = await startOn(folder, options);
  return {
    folder,
    process,
    port: portOf(process),
    async tell(...networks) {
      for (const network of networks) await storeNetworkNames(folder, network);
    },
    tellAskers: (askers) => storeAskers(folder, { v: 1, askers }),
    complaints: () => process.log.filter(({ level }) => level >= 40).map((line) => JSON.stringify(line)),
    async end() {
      await process.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** One more process on what is there. */
export function startOn(folder: string, { args = [], listen = '127.0.0.1:0', via }: NodeOptions = {}) {
  return startRole(['resolver', '--listen', listen, '--names', folder, ...args], {}, via);
}

export function portOf({ log }: RoleProcess): number {
  const [address] = log.find(({ msg }) => msg === 'ready')!.addresses as string[];
  return Number(address!.slice(address!.lastIndexOf(':') + 1));
}

/** Asks again until it is so. */
export async function until<T>(what: () => Promise<T>, isSo: (seen: T) => boolean): Promise<number> {
  const began = performance.now();
  for (;;) {
    const seen = await what();
    if (isSo(seen)) return performance.now() - began;
    if (performance.now() - began > 20_000) throw new Error(`still ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
