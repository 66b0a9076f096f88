// What the hosts of one machine are called there: by a key of the cluster's, so that several clusters share a machine.
import { sha256 } from '@muster/digests';

export interface LocalNames {
  /** Of the namespaces, before the number of a host. */
  readonly prefix: string;
  /** Where the bridge is: apart from the machine, whose firewall would see what crosses it. */
  readonly lan: string;
  /** The machine's own end. */
  readonly link: string;
  /** The machine's table of rules. */
  readonly table: string;
  /** Where to begin to look for a subnet that is free. */
  readonly slot: number;
}

export function nameLocalHosts(key: string): LocalNames {
  const hash = sha256(`hosts of ${key}`);
  const tag = hash.slice(0, 8);
  const prefix = `muster-${tag}-`;
  return {
    prefix,
    lan: `/run/netns/${prefix}lan`,
    link: `mlan${tag}`,
    table: `muster_lan_${tag}`,
    slot: Number.parseInt(hash.slice(8, 16), 16),
  };
}

export function nameNetns(
  { prefix }: LocalNames,
  which: string,
): { readonly netns: string; readonly netnsPath: string } {
  return { netns: `${prefix}${which}`, netnsPath: `/run/netns/${prefix}${which}` };
}
