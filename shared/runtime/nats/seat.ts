// Which server of a cluster a connection sits on. Whoever loses his goes to another, and nothing brings him back when it is
// there again: after a restart of each in turn, nearly all would sit on one. So whenever a server joins the others, each
// connection moves there by chance, as likely as leaves all of them with as many. Nobody counts, and nobody is asked.
import type { NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node';
import { findBetterSeat } from './better-seat.ts';

/** A server that has just come back catches up first, and not all are to move at once. */
const FIRST_MOVE_MS = 2_000;
const LAST_MOVE_MS = 10_000;

export interface Seat {
  /** For the connection's options. */
  readonly choose: NonNullable<NodeConnectionOptions['reconnectToServer']>;
  /** Watches over it as long as the connection is open; `connectTo` makes another one, to another server. */
  keep(nc: NatsConnection, connectTo: (address: string) => Promise<NatsConnection>): void;
}

export function createSeat(random: () => number = Math.random): Seat {
  let wanted: string | undefined;
  return {
    choose(pool) {
      const found = pool.find(({ listen }) => listen === wanted);
      wanted = undefined;
      return found ?? null;
    },
    keep(nc, connectTo) {
      let known = new Set(nc.info?.connect_urls ?? []);
      let moving: NodeJS.Timeout | undefined;

      function look(): void {
        const urls = nc.info?.connect_urls ?? [];
        const newcomers = urls.filter((url) => !known.has(url));
        if (urls.length > 0) known = new Set(urls);
        if (newcomers.length === 0 || random() >= newcomers.length / urls.length) return;
        const url = newcomers[Math.floor(random() * newcomers.length)]!;
        clearTimeout(moving);
        moving = setTimeout(() => moveTo(url), FIRST_MOVE_MS + random() * (LAST_MOVE_MS - FIRST_MOVE_MS));
        moving.unref();
      }

      function moveTo(url: string): void {
        if (nc.isClosed() || nc.isDraining() || !nc.info?.connect_urls?.includes(url)) return;
        if (nc.getServer().endsWith(url)) return;
        move(url);
      }

      const move = (url: string) => {
        wanted = url;
        nc.reconnect().catch(() => undefined);
      };
      const stopLooking = findBetterSeat(nc, { connectTo, move });

      /** Its server says which servers there are whenever that changes; what the client makes of it leaves out those it was given. */
      async function listen(): Promise<void> {
        for await (const { type } of nc.status()) if (type === 'update') look();
      }

      const end = () => {
        stopLooking();
        clearTimeout(moving);
      };
      listen().then(end, end);
    },
  };
}
