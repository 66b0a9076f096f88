// Networks of a service that is there: its spec has them by id, and a user names them as he likes.
import type { ServiceDetail } from '@muster/api';
import type { NetworkAttachment } from '@muster/model';
import { CliError } from '../errors.ts';
import type { FlagValues } from './build-spec.ts';

type Attached = Pick<ServiceDetail, 'networks'>;

/** The same flags with networks to be removed by their ids. What is added must not be there, as with Docker. */
export function resolveAttached(flags: FlagValues, { networks }: Attached): FlagValues {
  const find = (name: string) =>
    networks.find(({ id }) => id === name) ??
    networks.find((network) => network.name.toLowerCase() === name.toLowerCase()) ??
    networks.find(({ id }) => name !== '' && id.startsWith(name));
  const removals = ((flags.networkRm ?? []) as string[]).map((name) => find(name)?.id ?? name);
  const added = (flags.networkAdd ?? []) as NetworkAttachment[];
  for (const { target } of added) {
    const there = find(target);
    if (there && !removals.includes(there.id))
      throw new CliError(`service is already attached to network ${target}`);
  }
  return removals.length === 0 ? flags : { ...flags, networkRm: removals };
}
