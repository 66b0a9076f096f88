// The endpoints as a port: for each network, and each service on it, the last message only. Written by the dispatcher under
// compare-and-set; read whole, then followed, by every node that can be on networks (and by the dispatcher itself).
import type { EndpointsOf } from '@muster/events';
import type { PutCommandOptions } from './commands.ts';
import type { AppendResult, Following } from './log.ts';

export interface EndpointsRecord {
  readonly of: EndpointsOf;
  /** In the order of the store: who has taken up one has been told of all before it. */
  readonly seq: number;
  readonly data: Uint8Array;
}

export interface FollowEndpointsOptions {
  readonly onEndpoints: (record: EndpointsRecord) => void;
  /** Called once, when all that was stored at the time of the call has been delivered. */
  readonly onCaughtUp: () => void;
  readonly onError: (error: Error) => void;
  /** Asks again and again whether it is level: for the few who write, not for every node. */
  readonly closely?: boolean;
}

export interface EndpointStore {
  /** Replaces what is said of a network, or of a service on it. As `CommandStore.put`. */
  put(of: EndpointsOf, data: Uint8Array, options: PutCommandOptions): Promise<AppendResult>;
  /** The last message of each subject, in the order of the store, then every later one. */
  follow(options: FollowEndpointsOptions): Promise<Following>;
}
