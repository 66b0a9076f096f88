// Reads the command store to where it stood, and goes on reading.
import type { CommandRecord, CommandStore, Following } from '@muster/log';

export interface FollowStoreOptions {
  readonly onCommand: (record: CommandRecord) => void;
  /** Once it had been read: it can no longer be followed. */
  readonly onError: (error: Error) => void;
}

/** Resolves when every command stored at the time has been told; rejects when the store can't be read so far. */
export function followStore(
  store: CommandStore,
  { onCommand, onError }: FollowStoreOptions,
): Promise<Following> {
  return new Promise((resolve, reject) => {
    let started: Following | undefined;
    let caughtUp = false;
    let settled = false;
    const settle = () => {
      if (!started || !caughtUp || settled) return;
      settled = true;
      resolve(started);
    };
    store
      .follow({
        onCommand,
        onCaughtUp() {
          caughtUp = true;
          settle();
        },
        onError: (error) => (settled ? onError(error) : reject(error)),
      })
      .then((handle) => {
        started = handle;
        settle();
      }, reject);
  });
}
