// The command store on a JetStream stream that keeps one message for each subject.
import { commandSubject, toldSubject } from '@muster/events';
import type { NatsConnection } from '@nats-io/nats-core';
import type { CommandStore, FollowCommandsOptions, PutCommandOptions } from '../commands.ts';
import type { AppendResult, Following, LogRecord } from '../log.ts';
import { checkedCommandSubject } from '../subjects.ts';
import type { JetStreamOptions } from './log.ts';
import { GONE_AFTER_MS, LastPerSubject } from './reading/last-per-subject.ts';
import { OrderedConsumer } from './reading/ordered-consumer.ts';
import { COMMANDS_STREAM } from './server/streams.ts';
import { ToldCommands } from './told-commands.ts';

const CHECK_EVERY_MS = 30_000;

export class JetStreamCommandStore implements CommandStore {
  private readonly kept: LastPerSubject;

  constructor(nc: NatsConnection, options: JetStreamOptions = {}) {
    this.kept = new LastPerSubject(nc, COMMANDS_STREAM, options);
  }

  async put(
    nodeId: string,
    taskId: string,
    data: Uint8Array,
    options: PutCommandOptions,
  ): Promise<AppendResult> {
    return this.kept.put(checkedCommandSubject(nodeId, taskId), data, options);
  }

  async follow({ nodeId, onCommand, onCaughtUp, onError }: FollowCommandsOptions): Promise<Following> {
    const options = {
      ...(await this.kept.consuming()),
      onRecord: (record: Omit<LogRecord, 'time'>) => onCommand(commandOf(record)),
      onCaughtUp,
      onError,
    };
    if (nodeId !== undefined) {
      return ToldCommands.start({
        ...options,
        storedOn: commandSubject(nodeId, '*'),
        toldOn: toldSubject(nodeId, '*'),
        checkEveryMs: CHECK_EVERY_MS,
      });
    }
    return OrderedConsumer.start({
      ...options,
      stream: COMMANDS_STREAM,
      start: 'last-per-subject',
      // Without a filter, a server has nothing to compare.
      subjects: undefined,
      contiguous: false,
      staysLevel: true,
      goneAfterMs: GONE_AFTER_MS,
    });
  }
}

function commandOf({ subject, seq, data }: Omit<LogRecord, 'time'>) {
  const [, , nodeId = '', taskId = ''] = subject.split('.');
  return { nodeId, taskId, seq, data };
}
