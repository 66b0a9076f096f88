// Each NATS server of the cluster, asked by itself: what it says of itself when somebody connects.
import type { Connection } from '../session.ts';

export interface ServerLook {
  /** As the others know it. */
  readonly name: string;
  readonly url: string;
  /** Off, too, after its disk was full, until it is started again. */
  readonly hasJetStream: boolean;
}

/** Those that can be reached, the one of the connection first. */
export async function lookAtServers(
  connection: Connection,
  connectTo: (address: string) => Promise<Connection>,
): Promise<readonly ServerLook[]> {
  const own = describeServer(connection);
  const addresses = connection.info?.connect_urls ?? [];
  const looks = await Promise.all(
    addresses.filter((address) => !own.url.endsWith(address)).map((address) => look(address, connectTo)),
  );
  return [own, ...looks.filter((found) => found !== undefined)];
}

async function look(
  address: string,
  connectTo: (address: string) => Promise<Connection>,
): Promise<ServerLook | undefined> {
  const connection = await connectTo(address).catch(() => undefined);
  const found = connection && describeServer(connection);
  await connection?.close();
  return found;
}

function describeServer(connection: Connection): ServerLook {
  const { server_name: name = '', jetstream: hasJetStream = false } = connection.info ?? {};
  return { name, url: connection.getServer(), hasJetStream };
}
