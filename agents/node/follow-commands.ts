// Follows the commands of one node, and begins again whenever following ends.
import type { CommandRecord, CommandStore, Following } from '@muster/log';
import type { Clock, Logger } from '@muster/runtime';
import { backOff, describeError, pause } from './patience.ts';

export interface FollowCommandsOptions {
  readonly commands: CommandStore;
  readonly nodeId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly onCommand: (record: CommandRecord) => void;
  /** The whole set has been delivered; called again after each new beginning. */
  readonly onCaughtUp: () => void;
}

const RETRY = { firstMs: 500, mostMs: 2_000 };

export function followCommands(options: FollowCommandsOptions): void {
  const { commands, nodeId, clock, logger, signal, onCommand, onCaughtUp } = options;
  let failures = 0;

  function complain(error: unknown): void {
    logger.error({ err: describeError(error) }, 'following commands did not end well');
  }

  async function follow(): Promise<void> {
    let following: Following | undefined;
    const end = () => following?.stop().catch(complain);
    const error = await new Promise<unknown>((onError) => {
      const handle = {
        nodeId,
        onCommand: (record: CommandRecord) => {
          if (!signal.aborted) onCommand(record);
        },
        onCaughtUp: () => {
          failures = 0;
          if (!signal.aborted) onCaughtUp();
        },
        onError,
      };
      commands.follow(handle).then((started) => {
        following = started;
        if (signal.aborted) end();
        else signal.addEventListener('abort', end);
      }, onError);
    });
    signal.removeEventListener('abort', end);
    failures += 1;
    if (signal.aborted) return;
    logger.warn({ err: describeError(error), failures }, 'commands can not be followed: trying again');
    await pause(clock, backOff(RETRY, failures), signal);
    if (!signal.aborted) follow().catch(complain);
  }

  follow().catch(complain);
}
