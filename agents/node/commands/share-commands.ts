// Lets many agents in one process read their commands together: one follow of everybody's commands, handed out by node.
// For simulated nodes only, by the thousand: an agent on a machine of its own reads nothing but its own set.
import type { CommandRecord, CommandStore, FollowCommandsOptions, Following } from '@muster/log';

type Reader = Pick<FollowCommandsOptions, 'onCommand' | 'onCaughtUp' | 'onError'>;

/** One follow of the whole store. */
interface Feed {
  isCaughtUp: boolean;
  readonly readers: Map<string, Reader>;
  /** What came for each node whose agent has not asked yet. */
  readonly unclaimed: Map<string, CommandRecord[]>;
  following: Promise<Following> | undefined;
}

/** A node that is followed a second time gets a follow of its own, as do other nodes. */
export function shareCommands(store: CommandStore, nodeIds: readonly string[]): CommandStore {
  let feed: Feed | undefined;

  function startFeed(): Feed {
    const unclaimed = new Map(nodeIds.map((nodeId) => [nodeId, [] as CommandRecord[]]));
    const started: Feed = { isCaughtUp: false, readers: new Map(), unclaimed, following: undefined };
    const onError = (error: Error) => end(started, error);
    started.following = store.follow({
      onCommand(record) {
        const { nodeId } = record;
        const reader = started.readers.get(nodeId);
        if (reader) hand(started, nodeId, reader, () => reader.onCommand(record));
        else started.unclaimed.get(nodeId)?.push(record);
      },
      onCaughtUp() {
        started.isCaughtUp = true;
        for (const [nodeId, reader] of started.readers) hand(started, nodeId, reader, reader.onCaughtUp);
      },
      onError,
    });
    started.following.catch(onError);
    return started;
  }

  /** Its readers will ask again, and the first to do so begins another one. */
  function end(ended: Feed, error: Error): void {
    if (feed === ended) feed = undefined;
    const readers = [...ended.readers.values()];
    ended.readers.clear();
    for (const reader of readers) reader.onError(error);
  }

  /** What a reader throws is its own affair. */
  function hand({ readers }: Feed, nodeId: string, reader: Reader, give: () => void): void {
    try {
      give();
    } catch (error) {
      readers.delete(nodeId);
      reader.onError(error instanceof Error ? error : new Error(String(error)));
    }
  }

  return {
    put: (nodeId, taskId, data, options) => store.put(nodeId, taskId, data, options),
    async follow({ nodeId, ...reader }) {
      feed ??= startFeed();
      const own = feed;
      const records = nodeId === undefined ? undefined : own.unclaimed.get(nodeId);
      if (nodeId === undefined || records === undefined)
        return store.follow(nodeId === undefined ? reader : { nodeId, ...reader });
      own.unclaimed.delete(nodeId);
      own.readers.set(nodeId, reader);
      const isReading = () => own.readers.get(nodeId) === reader;
      for (const record of records)
        if (isReading()) hand(own, nodeId, reader, () => reader.onCommand(record));
      if (own.isCaughtUp && isReading()) hand(own, nodeId, reader, reader.onCaughtUp);
      return {
        async stop() {
          if (isReading()) own.readers.delete(nodeId);
          if (own.readers.size > 0 || own.unclaimed.size > 0) return;
          if (feed === own) feed = undefined;
          // One that never began has nothing to be stopped, and its readers were told.
          await (await own.following?.catch(() => undefined))?.stop();
        },
      };
    },
  };
}
