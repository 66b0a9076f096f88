// Says what this node has of its networks to whoever asks on `muster.network.<nodeId>`.
import {
  encodeJson,
  type NetworkAnswer,
  type NetworkRequest,
  networkRequestSchema,
  networkSubject,
} from '@muster/events';
import type { Bus, BusMessage, Logger } from '@muster/runtime';
import { describeError } from '../tasks/patience.ts';
import { MOST_NETWORK_LOOKS } from './stream-limits.ts';

export interface NetworkRequestsOptions {
  readonly answer: (request: NetworkRequest) => Promise<NetworkAnswer>;
  readonly bus: Bus;
  readonly logger: Logger;
  readonly nodeId: string;
}

export function serveNetworkRequests({ answer, bus, logger, nodeId }: NetworkRequestsOptions): {
  stop(): void;
} {
  let active = 0;

  async function answerOne(data: Uint8Array): Promise<NetworkAnswer> {
    if (active >= MOST_NETWORK_LOOKS)
      return {
        ok: false,
        message: `node ${nodeId} looks at ${MOST_NETWORK_LOOKS} ways already: try again later`,
      };
    active += 1;
    try {
      return await answer(networkRequestSchema.parse(JSON.parse(new TextDecoder().decode(data))));
    } catch (error) {
      return { ok: false, message: describeError(error) };
    } finally {
      active -= 1;
    }
  }

  async function onMessage({ data, reply }: BusMessage): Promise<void> {
    if (reply === undefined) return;
    bus.publish(reply, encodeJson(await answerOne(data)));
  }

  return bus.subscribe(networkSubject(nodeId), (message) => {
    onMessage(message).catch((error) => logger.warn({ err: describeError(error) }, 'could not answer'));
  });
}
