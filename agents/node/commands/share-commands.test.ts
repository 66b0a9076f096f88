import { type CommandRecord, type FollowCommandsOptions, MemoryCommandStore } from '@muster/log';
import { describe, expect, it } from 'vitest';
import { shareCommands } from './share-commands.ts';

/** A store whose follows can be counted and broken. */
function rig(nodeIds: readonly string[]) {
  const memory = new MemoryCommandStore({ now: () => 0 });
  const follows: FollowCommandsOptions[] = [];
  let stopped = 0;
  const shared = shareCommands(
    {
      put: memory.put.bind(memory),
      async follow(options) {
        follows.push(options);
        const following = await memory.follow(options);
        return {
          async stop() {
            stopped += 1;
            await following.stop();
          },
        };
      },
    },
    nodeIds,
  );
  const read = async (nodeId?: string, onCommand?: (record: CommandRecord) => void) => {
    const seen: string[] = [];
    const following = await shared.follow({
      ...(nodeId === undefined ? {} : { nodeId }),
      onCommand(record) {
        seen.push(`${record.nodeId}/${record.taskId}`);
        onCommand?.(record);
      },
      onCaughtUp: () => seen.push('caught up'),
      onError: (error) => seen.push(error.message),
    });
    return { seen, following };
  };
  return {
    follows,
    read,
    put: (nodeId: string, taskId: string) =>
      shared.put(nodeId, taskId, new Uint8Array(), { expectLastSeq: 0 }),
    settle: () => new Promise((resolve) => setImmediate(resolve)),
    get stopped() {
      return stopped;
    },
  };
}

describe('commands that are read together', () => {
  it('reach each node, whether it asks early or late, and no other', async () => {
    const { read, put, settle, follows } = rig(['n1', 'n2', 'n3']);
    await put('n1', 'a');
    await put('n2', 'b');
    await put('n9', 'c');
    const one = await read('n1');
    await settle();
    await put('n2', 'd');
    await settle();
    const [two, three] = [await read('n2'), await read('n3')];
    await put('n1', 'e');
    await put('n2', 'f');
    await settle();
    expect(one.seen).toEqual(['n1/a', 'caught up', 'n1/e']);
    expect(two.seen).toEqual(['n2/b', 'n2/d', 'caught up', 'n2/f']);
    expect(three.seen).toEqual(['caught up']);
    expect(follows.map(({ nodeId }) => nodeId)).toEqual([undefined]);
  });

  it('are read alone by a node that asks again, by another node, and by whoever wants all', async () => {
    const { read, put, settle, follows } = rig(['n1', 'n2']);
    await put('n1', 'a');
    const first = await read('n1');
    await settle();
    await first.following.stop();
    const [again, other, all] = [await read('n1'), await read('n9'), await read()];
    await settle();
    expect(again.seen).toEqual(['n1/a', 'caught up']);
    expect(other.seen).toEqual(['caught up']);
    expect(all.seen).toEqual(['n1/a', 'caught up']);
    await put('n1', 'b');
    await settle();
    expect(first.seen).toEqual(['n1/a', 'caught up']);
    expect(follows.map(({ nodeId }) => nodeId)).toEqual([undefined, 'n1', 'n9', undefined]);
  });

  it('are read again, together, when the reading has ended', async () => {
    const { read, put, settle, follows } = rig(['n1', 'n2']);
    const [one, two] = [await read('n1'), await read('n2')];
    await settle();
    follows[0]!.onError(new Error('the log is gone'));
    expect([one.seen, two.seen].map((seen) => seen.at(-1))).toEqual(['the log is gone', 'the log is gone']);
    await put('n2', 'a');
    const [oneAgain, twoAgain] = [await read('n1'), await read('n2')];
    await settle();
    expect(oneAgain.seen).toEqual(['caught up']);
    expect(twoAgain.seen).toEqual(['n2/a', 'caught up']);
    expect(follows.map(({ nodeId }) => nodeId)).toEqual([undefined, undefined]);
  });

  it('end for a reader that throws, and go on for the others', async () => {
    const { read, put, settle } = rig(['n1', 'n2']);
    const one = await read('n1', () => {
      throw new Error('a broken agent');
    });
    const two = await read('n2');
    await settle();
    await put('n1', 'a');
    await put('n1', 'b');
    await put('n2', 'c');
    await settle();
    expect(one.seen).toEqual(['caught up', 'n1/a', 'a broken agent']);
    expect(two.seen).toEqual(['caught up', 'n2/c']);
  });

  it('are not read any more when the last reader has gone', async () => {
    const shared = rig(['n1', 'n2']);
    const [one, two] = [await shared.read('n1'), await shared.read('n2')];
    await one.following.stop();
    expect(shared.stopped).toBe(0);
    await two.following.stop();
    expect(shared.stopped).toBe(1);
  });

  it('can be stopped while the store can not be followed yet', async () => {
    let refuse: (error: Error) => void = () => undefined;
    const store = new MemoryCommandStore({ now: () => 0 });
    const shared = shareCommands(
      {
        put: store.put.bind(store),
        follow: () =>
          new Promise((_resolve, reject) => {
            refuse = reject;
          }),
      },
      ['n1'],
    );
    const ignore = () => undefined;
    const reader = { onCommand: ignore, onCaughtUp: ignore, onError: ignore };
    const following = await shared.follow({ nodeId: 'n1', ...reader });
    const stopped = following.stop();
    refuse(new Error('closed'));
    await expect(stopped).resolves.toBeUndefined();
  });
});
