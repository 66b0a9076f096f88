// Waits until every server has all of every stream. What one may lose, and the others are to know, they know only then.
import { setTimeout as delay } from 'node:timers/promises';
import { connectNats, type NatsCluster } from '@muster/runtime';

interface Replica {
  readonly name: string;
  readonly current: boolean;
  readonly offline?: boolean;
}

interface StreamAnswer {
  readonly cluster?: { readonly leader?: string; readonly replicas?: readonly Replica[] };
}

const STREAMS = ['MUSTER_LOG', 'MUSTER_COMMANDS', 'OBJ_MUSTER_SNAPSHOTS'];
/** A replica may stand still for a minute and longer; an operator would restart its server. */
const PATIENCE_MS = 30_000;
const ATTEMPTS = 3;

/** Throws when servers don't find together, whatever is done. */
export async function untilLevel(servers: NatsCluster, url: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    await servers.untilReady();
    const behind = await waitForLevel(url);
    if (behind.length === 0) return;
    if (attempt === ATTEMPTS) throw new Error(`nats-servers stay behind: ${behind.join(', ')}`);
    for (const name of new Set(behind)) {
      const index = Number(name.slice(1)) - 1;
      await servers.servers[index]!.kill('SIGTERM');
      await servers.restart(index);
    }
  }
}

/** The servers that are behind when the time is over. */
async function waitForLevel(url: string): Promise<string[]> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  const nc = await connectNats(url, { name: 'test', waitMs: PATIENCE_MS });
  try {
    for (;;) {
      const answers = await Promise.all(
        STREAMS.map((stream) =>
          nc
            .request(`$JS.API.STREAM.INFO.${stream}`, undefined, { timeout: 1_000 })
            .then((message) => message.json<StreamAnswer>())
            .catch((): StreamAnswer => ({})),
        ),
      );
      const replicas = answers.map(({ cluster }) => (cluster?.leader ? cluster.replicas : undefined));
      const behind = replicas
        .flatMap((of) => of ?? [])
        .filter(({ current, offline }) => !current || offline)
        .map(({ name }) => name);
      if (behind.length === 0 && !replicas.includes(undefined)) return [];
      if (performance.now() > giveUpAt) return behind.length > 0 ? behind : ['n1'];
      await delay(100); // servers tell nobody
    }
  } finally {
    await nc.close();
  }
}
