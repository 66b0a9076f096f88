// The limit of any replay: a push consumer without acknowledgements and a callback, and nothing else.
import { randomUUID } from 'node:crypto';
import type { connectNats } from '@muster/runtime';

type Connection = Awaited<ReturnType<typeof connectNats>>;

const SECOND_NANOS = 1e9;

/** Resolves when that many records of the stream were handed over. */
export async function consumeRaw(
  nc: Connection,
  stream: string,
  count: number,
  onData: (data: Uint8Array) => void,
): Promise<void> {
  const inbox = `_INBOX.${randomUUID()}`;
  let received = 0;
  await new Promise<void>((resolve, reject) => {
    nc.subscribe(inbox, {
      callback(error, msg) {
        if (error) return reject(error);
        // What comes for the inbox itself is the server asking whether there is room.
        if (msg.subject === inbox) return void (msg.reply && msg.respond());
        onData(msg.data);
        received += 1;
        if (received === count) resolve();
      },
    });
    createConsumer(nc, stream, inbox).catch(reject);
  });
}

async function createConsumer(nc: Connection, stream: string, inbox: string): Promise<void> {
  const name = `raw_${randomUUID()}`;
  const config = {
    name,
    deliver_subject: inbox,
    deliver_policy: 'all',
    ack_policy: 'none',
    replay_policy: 'instant',
    max_deliver: 1,
    mem_storage: true,
    num_replicas: 1,
    flow_control: true,
    idle_heartbeat: 5 * SECOND_NANOS,
    inactive_threshold: 10 * SECOND_NANOS,
  };
  const answer = await nc.request(
    `$JS.API.CONSUMER.CREATE.${stream}.${name}`,
    JSON.stringify({ stream_name: stream, config, action: 'create' }),
    { timeout: 10_000 },
  );
  const { error } = answer.json<{ error?: { description: string } }>();
  if (error) throw new Error(error.description);
}
