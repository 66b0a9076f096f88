// Whether the demo can publish a port on every node: where a node has networks, and no other program has the port.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { whatIsMissing } from '@muster/network';
import { MESH_PORT } from './application.ts';
import type { Stage } from './stage.ts';

const TRIES = 20;
const TRY_EVERY_MS = 500;

/** What is missing is said. */
export async function findMesh(stage: Stage): Promise<boolean> {
  const why = (await explainMachine()) ?? (await explainNodes(stage));
  if (why !== undefined) stage.say(`No port is published on every node here: ${why}`);
  return why === undefined;
}

async function explainMachine(): Promise<string | undefined> {
  const missing = await whatIsMissing();
  if (missing.length > 0) return missing.map(({ sentence }) => sentence).join('; ');
  const server = createServer().listen(MESH_PORT, '0.0.0.0');
  return await once(server, 'listening').then(
    () => {
      server.close();
      return undefined;
    },
    () => `another program has port ${MESH_PORT}`,
  );
}

/** A cluster is at its first wire version for its first moments, and a node that has networks says so a moment later. */
async function explainNodes(stage: Stage): Promise<string | undefined> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const version = await stage.ask('info', '--format', '{{.Cluster.WireVersion}}');
    const ids = (await stage.ask('node', 'ls', '--quiet')).split('\n').filter((id) => id !== '');
    const addresses = await stage.ask('node', 'inspect', '--format', '{{.Status.Addr}}', ...ids);
    if (Number(version) >= 2 && /^\d/m.test(addresses)) return undefined;
    await delay(TRY_EVERY_MS);
  }
  return 'no node has networks (see `muster node inspect`)';
}
