// The command store on a JetStream stream that keeps one message for each subject.
import { commandSubject, toldSubject } from '@muster/events';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import type { CommandStore, FollowCommandsOptions, PutCommandOptions } from '../commands.ts';
import type { AppendResult, Following, LogRecord } from '../log.ts';
import { checkedCommandSubject } from '../subjects.ts';
import { appendToStream } from './append.ts';
import { countConsumer } from './consumer-stats.ts';
import type { JetStreamOptions } from './log.ts';
import { OrderedConsumer } from './ordered-consumer.ts';
import { COMMANDS_STREAM } from './streams.ts';
import { ToldCommands } from './told-commands.ts';

const SHORTEST_TTL_MS = 1000;
const CHECK_EVERY_MS = 30_000;
/** All of them can be written again, and the sooner the better. */
const GONE_AFTER_MS = 500;
/** Where a million commands are stored, a server looks for the last ones for several seconds. */
const ANSWER_MS = 30_000;

export class JetStreamCommandStore implements CommandStore {
  private readonly manager: Promise<JetStreamManager>;
  private readonly retryForMs: number;
  private readonly heartbeatMs: number;

  constructor(
    private readonly nc: NatsConnection,
    options: JetStreamOptions = {},
  ) {
    this.retryForMs = options.retryForMs ?? 10_000;
    this.manager = jetstreamManager(nc, { checkAPI: false, timeout: ANSWER_MS });
    this.heartbeatMs = options.heartbeatMs ?? 1_000;
  }

  async put(
    nodeId: string,
    taskId: string,
    data: Uint8Array,
    { expectLastSeq, ttlMs }: PutCommandOptions,
  ): Promise<AppendResult> {
    const subject = checkedCommandSubject(nodeId, taskId);
    if (ttlMs !== undefined && ttlMs < SHORTEST_TTL_MS) throw new RangeError('ttlMs must be at least 1000');
    return appendToStream(this.nc, {
      stream: COMMANDS_STREAM,
      subject,
      data,
      expectLastSeq,
      ttlMs,
      forMs: this.retryForMs,
    });
  }

  async follow({ nodeId, onCommand, onCaughtUp, onError }: FollowCommandsOptions): Promise<Following> {
    const options = {
      nc: this.nc,
      jsm: await this.manager,
      heartbeatMs: this.heartbeatMs,
      startWithinMs: this.retryForMs,
      onRecord: (record: Omit<LogRecord, 'time'>) => onCommand(commandOf(record)),
      onCaughtUp,
      onError,
      stats: countConsumer(this.nc, COMMANDS_STREAM),
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
