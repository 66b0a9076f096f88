// Docker's filters of a prune: `until` a moment, `label` and `label!`. All that are given must agree.
import type { NetworkView } from '@muster/api';
import { nanosToMs, parseDuration } from '@muster/model';
import { usageError } from '../errors.ts';
import { labelMatches } from './filters.ts';

type Test = (network: Pick<NetworkView, 'labels' | 'createdAt'>) => boolean;

export function choosePruned(filters: readonly string[], now: number): Test {
  const tests = filters.map((filter) => readFilter(filter, now));
  return (network) => tests.every((test) => test(network));
}

function readFilter(filter: string, now: number): Test {
  const [, key, value] = /^([^=!]+!?)=(.*)$/s.exec(filter) ?? [];
  switch (key) {
    case 'label':
      return ({ labels }) => labelMatches(labels, value!);
    case 'label!':
      return ({ labels }) => !labelMatches(labels, value!);
    case 'until': {
      const until = readMoment(value!, now);
      if (until === undefined)
        throw usageError(`invalid value for until: "${value}": write it as 24h, or as a time`);
      return ({ createdAt }) => createdAt <= until;
    }
    default:
      throw usageError(`invalid filter '${key ?? filter}': there is label, label!, until`);
  }
}

/** A Go duration before now, seconds since the epoch, or a time in ISO 8601. */
function readMoment(text: string, now: number): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const ago = parseDuration(text);
  if (ago !== undefined && Number.isFinite(ago)) return now - nanosToMs(ago);
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}
