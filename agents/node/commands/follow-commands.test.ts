import type { CommandStore, FollowCommandsOptions } from '@muster/log';
import { silentLogger } from '@muster/runtime';
import { VirtualClock } from '@muster/testing';
import { describe, expect, it } from 'vitest';
import { followCommands } from './follow-commands.ts';

describe('followCommands', () => {
  it('begins again when following can not begin, and when it ends', async () => {
    const clock = new VirtualClock();
    const follows: FollowCommandsOptions[] = [];
    let stopped = 0;
    const commands: CommandStore = {
      put: () => Promise.reject(new Error('nobody puts')),
      async follow(options) {
        follows.push(options);
        if (follows.length === 1) throw new Error('no connection');
        return {
          stop: async () => {
            stopped += 1;
          },
        };
      },
    };
    const seen: string[] = [];
    const stopping = new AbortController();
    followCommands({
      commands,
      nodeId: 'node1',
      clock,
      logger: silentLogger,
      signal: stopping.signal,
      onCommand: ({ taskId }) => seen.push(taskId),
      onCaughtUp: () => seen.push('caught up'),
    });
    await clock.advance(60_000);
    expect(follows).toHaveLength(2);
    const record = { nodeId: 'node1', taskId: 'a', seq: 1, data: new Uint8Array() };
    follows[1]!.onCommand(record);
    follows[1]!.onCaughtUp();
    follows[1]!.onError(new Error('the stream is gone'));
    await clock.advance(60_000);
    expect(follows).toHaveLength(3);
    follows[2]!.onCommand(record);
    follows[2]!.onCaughtUp();
    expect(seen).toEqual(['a', 'caught up', 'a', 'caught up']);
    stopping.abort();
    follows[2]!.onCommand(record);
    expect(seen).toHaveLength(4);
    expect(stopped).toBe(1);
    follows[2]!.onError(new Error('too late'));
    await clock.advance(60_000);
    expect(follows).toHaveLength(3);
  });
});
