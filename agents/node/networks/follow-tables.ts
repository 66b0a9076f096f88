// Keeps what the cluster says of networks: the last message of each network, and of each service on it. Whatever ends the reading,
// it begins again, and what has been read stands meanwhile.
import {
  decodeEndpoints,
  type EndpointsOf,
  type NetworkEndpoints,
  type ServiceEndpoints,
} from '@muster/events';
import type { EndpointStore, EndpointsRecord, Following } from '@muster/log';
import type { Clock, Logger } from '@muster/runtime';
import { backOff, describeError, pause } from '../tasks/patience.ts';
import type { NetworkTables } from './tables.ts';

export interface FollowTablesOptions {
  readonly endpoints: EndpointStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Once all that was stored has been read, and then with every change. */
  readonly onChange: () => void;
}

export interface FollowedTables extends NetworkTables {
  /** The last message that is in them, with all before it; undefined until all that was stored has been read. */
  readonly seq: number | undefined;
}

const RETRY = { firstMs: 500, mostMs: 10_000 };

export function followTables(options: FollowTablesOptions): FollowedTables {
  const { endpoints, clock, logger, signal, onChange } = options;
  const networks = new Map<string, NetworkEndpoints>();
  const services = new Map<string, Map<string, ServiceEndpoints>>();
  let seq: number | undefined;
  let failures = 0;

  async function live(): Promise<void> {
    while (!signal.aborted) {
      const error = await followOnce();
      if (signal.aborted) return;
      failures += 1;
      logger.warn(
        { err: describeError(error), failures },
        'endpoints can not be followed: the last ones stand',
      );
      await pause(clock, backOff(RETRY, failures), signal);
    }
  }

  async function followOnce(): Promise<unknown> {
    /** What this reading has found: the rest is gone, where its tombstone is gone as well. */
    const found = new Map<string, EndpointsOf>();
    let isLevel = false;
    let last = 0;
    let following: Following | undefined;
    const reason = await new Promise<unknown>((end) => {
      signal.addEventListener('abort', () => end(undefined), { once: true });
      endpoints
        .follow({
          onEndpoints(record) {
            last = record.seq;
            found.set(keyOf(record.of), record.of);
            take(record);
            if (!isLevel) return;
            seq = last;
            onChange();
          },
          onCaughtUp() {
            isLevel = true;
            failures = 0;
            forgetOthers(found);
            seq = last;
            onChange();
          },
          onError: end,
        })
        .then((started) => {
          following = started;
        }, end);
    });
    await following?.stop().catch(() => undefined);
    return reason;
  }

  function take({ of, data }: EndpointsRecord): void {
    try {
      const said = decodeEndpoints(data);
      const before = find(of);
      if (before !== undefined && before.basis > said.basis) return;
      if (said.type === 'gone') drop(of);
      else if (said.type === 'network') networks.set(of.networkId, said);
      else if (of.serviceId !== undefined) {
        const ofNetwork = services.get(of.networkId) ?? new Map<string, ServiceEndpoints>();
        services.set(of.networkId, ofNetwork.set(of.serviceId, said));
      }
    } catch (error) {
      logger.error({ ...of, err: describeError(error) }, 'endpoints are ignored');
    }
  }

  function find({ networkId, serviceId }: EndpointsOf): NetworkEndpoints | ServiceEndpoints | undefined {
    return serviceId === undefined ? networks.get(networkId) : services.get(networkId)?.get(serviceId);
  }

  function drop({ networkId, serviceId }: EndpointsOf): void {
    if (serviceId === undefined) networks.delete(networkId);
    else if (services.get(networkId)?.delete(serviceId) && services.get(networkId)!.size === 0)
      services.delete(networkId);
  }

  function forgetOthers(found: ReadonlyMap<string, EndpointsOf>): void {
    const known: EndpointsOf[] = [...networks.keys()].map((networkId) => ({ networkId }));
    for (const [networkId, ofNetwork] of services)
      for (const serviceId of ofNetwork.keys()) known.push({ networkId, serviceId });
    for (const of of known) if (!found.has(keyOf(of))) drop(of);
  }

  live().catch((error) => logger.error({ err: describeError(error) }, 'endpoints are followed no more'));
  return {
    networks,
    services,
    get seq() {
      return seq;
    },
  };
}

function keyOf({ networkId, serviceId = '' }: EndpointsOf): string {
  return `${networkId} ${serviceId}`;
}
