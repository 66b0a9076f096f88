// Says on core NATS that the node is there, also when asked, and hears whether another agent says so in its name.

import {
  type Heartbeat as Beat,
  encodeJson,
  heartbeatSchema,
  heartbeatSubject,
  pingSubject,
} from '@muster/events';
import type { Bus, Clock, Timer } from '@muster/runtime';
import { equalBytes } from './equal-bytes.ts';

export interface HeartbeatOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly nodeId: string;
  readonly session: string;
  readonly heartbeatMs: number;
  /** From 0 to 1: a tenth of the period more or less, so that agents started together do not beat together. */
  readonly random: () => number;
  /** Whether the node can do what it is there for. One that can't is silent, and its tasks go elsewhere. */
  readonly isFit: () => boolean;
  /** One whose engine does not answer is to be given nothing new, and keeps what it has. */
  readonly isEngineSilent: () => boolean;
  readonly onStranger: () => void;
}

export interface Heartbeat {
  /** Beats now; the period begins anew. */
  beat(): void;
  stop(): void;
}

export function startHeartbeat(options: HeartbeatOptions): Heartbeat {
  const { bus, clock, nodeId, session, heartbeatMs, random, isFit, isEngineSilent, onStranger } = options;
  const subject = heartbeatSubject(nodeId);
  const data = encodeJson({ session });
  const withSilentEngine = encodeJson({ session, engine: 'silent' } satisfies Beat);
  let timer: Timer | undefined;
  let stopped = false;

  function beat(): void {
    if (stopped) return;
    timer?.cancel();
    timer = clock.schedule(heartbeatMs * (0.9 + 0.2 * random()), beat);
    if (isFit()) bus.publish(subject, isEngineSilent() ? withSilentEngine : data);
  }

  const hearing = bus.subscribe(subject, (message) => {
    // As a rule it is ourselves.
    if (equalBytes(message.data, data)) return;
    const heard = readSession(message.data);
    if (heard !== undefined && heard !== session && !stopped) onStranger();
  });
  // The answer matters little. That somebody listens ends with this process, and the server knows it at once.
  const pings = bus.subscribe(pingSubject(nodeId), ({ reply }) => {
    if (reply !== undefined) bus.publish(reply, data);
  });
  beat();
  return {
    beat,
    stop() {
      stopped = true;
      timer?.cancel();
      hearing.stop();
      pings.stop();
    },
  };
}

function readSession(data: Uint8Array): string | undefined {
  try {
    return heartbeatSchema.parse(JSON.parse(new TextDecoder().decode(data))).session;
  } catch {
    return undefined;
  }
}
