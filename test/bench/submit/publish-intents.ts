// A client with so many requests under way at a time. A publication that asks for an acknowledgement is a request.
import { encodeJson, intentSubject } from '@muster/events';
import type { connectNats } from '@muster/runtime';

type Connection = Awaited<ReturnType<typeof connectNats>>;

export interface Load {
  readonly count: number;
  readonly inFlight: number;
  readonly replicas: number;
}

export interface Published {
  readonly seconds: number;
  readonly latenciesMs: readonly number[];
  /** Ms since the epoch. */
  readonly firstAt: number;
}

const TIMEOUT_MS = 30_000;

export async function publishIntents(
  connection: Connection,
  { count, inFlight, replicas }: Load,
): Promise<Published> {
  const latenciesMs: number[] = [];
  let next = 0;
  const worker = async () => {
    while (next < count) {
      next += 1;
      const body = encodeJson({ image: 'nginx:alpine', replicas, env: { LOG_LEVEL: 'info' } });
      const asked = performance.now();
      const answer = await connection.request(
        intentSubject('bench', 'service', 'apply', `service-${next}`),
        body,
        { timeout: TIMEOUT_MS },
      );
      latenciesMs.push(performance.now() - asked);
      const { error } = answer.json<{ error?: { description: string } }>();
      if (error) throw new Error(error.description);
    }
  };
  const firstAt = Date.now();
  const started = performance.now();
  await Promise.all(Array.from({ length: inFlight }, worker));
  return { seconds: (performance.now() - started) / 1000, latenciesMs, firstAt };
}
