// The streams muster lives on: made when they are missing, compared when they exist, never changed or deleted. Any
// number of processes may do this at the same time. What can be derived from the log is made again whenever it is gone; the
// log itself never where anything tells that it was there.

import { COMMAND_SUBJECTS, ENDPOINT_SUBJECTS, TOLD_SUBJECTS } from '@muster/events';
import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import {
  LogGoneError,
  type StreamMismatch,
  StreamMismatchError,
  StreamRefusedError,
  UnsuitableServerError,
} from '../../errors.ts';
import { LOG_SUBJECTS } from '../../subjects.ts';
import { isPassing, retrying } from '../writing/retrying.ts';

export const LOG_STREAM = 'MUSTER_LOG';
export const COMMANDS_STREAM = 'MUSTER_COMMANDS';
export const ENDPOINTS_STREAM = 'MUSTER_ENDPOINTS';
export const SNAPSHOTS_BUCKET = 'MUSTER_SNAPSHOTS';
/** The stream below an object store. */
export const SNAPSHOTS_STREAM = `OBJ_${SNAPSHOTS_BUCKET}` as const;
const derivedStreams = [COMMANDS_STREAM, ENDPOINTS_STREAM, SNAPSHOTS_STREAM] as const;
type DerivedStream = (typeof derivedStreams)[number];

/** One for each agent that follows its commands, and more. Servers have a default, 1000 for 2.15, that is too few. */
const MOST_CONSUMERS = 1_000_000;

export interface EnsureStreamsOptions {
  /** Copies of the log, when it has to be made, and of the others as many as the log has. 1 by default. */
  readonly replicas?: number;
  /** Asked before a log is made: who knows of one that was there, in words. */
  readonly whoKnowsOfLog?: () => Promise<string | undefined>;
  /** How long to go on trying while the server can't be reached. */
  readonly retryForMs?: number;
}

/** The first version whose flags we rely on being understood; older ones drop unknown ones in silence. */
const OLDEST_SERVER = [2, 12] as const;

/** What every stream of ours must be, where it doesn't say otherwise. A server leaves out what is off. */
const PLAIN = {
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  discard: DiscardPolicy.New,
  max_age: 0,
  max_msgs: -1,
  max_msg_size: -1,
  max_msgs_per_subject: -1,
  discard_new_per_subject: false,
  deny_delete: false,
  deny_purge: false,
  allow_rollup_hdrs: false,
  allow_msg_ttl: false,
} satisfies Partial<StreamConfig>;

/** Off in every stream of ours. Not sent, so that servers which don't know one of them can be asked as well. */
const OFF = [
  'sealed',
  'no_ack',
  'mirror',
  'sources',
  'subject_transform',
  'subject_delete_marker_ttl',
  'allow_atomic',
  'allow_batched',
  'allow_msg_schedules',
  'allow_msg_counter',
] as const satisfies readonly (keyof StreamConfig)[];

type Wanted = Pick<StreamConfig, 'name' | 'subjects' | keyof typeof PLAIN> & {
  readonly republish?: NonNullable<StreamConfig['republish']>;
};

/** Every stream there is. */
export const wantedStreams: readonly Wanted[] = [
  { ...PLAIN, name: LOG_STREAM, subjects: [...LOG_SUBJECTS], deny_delete: true, deny_purge: true },
  {
    ...PLAIN,
    name: COMMANDS_STREAM,
    subjects: [COMMAND_SUBJECTS],
    max_msgs_per_subject: 1,
    discard: DiscardPolicy.Old,
    allow_msg_ttl: true,
    republish: {
      src: COMMAND_SUBJECTS,
      dest: TOLD_SUBJECTS.replace('*', '{{wildcard(1)}}').replace('*', '{{wildcard(2)}}'),
    },
  },
  {
    ...PLAIN,
    name: ENDPOINTS_STREAM,
    subjects: [ENDPOINT_SUBJECTS],
    max_msgs_per_subject: 1,
    discard: DiscardPolicy.Old,
    allow_msg_ttl: true,
  },
  // As the object store of the client library makes it.
  {
    ...PLAIN,
    name: SNAPSHOTS_STREAM,
    subjects: [`$O.${SNAPSHOTS_BUCKET}.C.>`, `$O.${SNAPSHOTS_BUCKET}.M.>`],
    allow_rollup_hdrs: true,
  },
];

/** Throws `UnsuitableServerError`, `StreamMismatchError`, `StreamRefusedError`, `LogGoneError` or `LogUnavailableError`. */
export async function ensureStreams(nc: NatsConnection, options: EnsureStreamsOptions = {}): Promise<void> {
  const forMs = options.retryForMs ?? 10_000;
  const jsm = await jetstreamManager(nc, { checkAPI: false, timeout: Math.min(5_000, forMs) });
  await checkServer(nc, jsm);
  let replicas = options.replicas ?? 1;
  for (const wanted of wantedStreams) {
    const what = `make the stream ${wanted.name}`;
    const { config } = await retrying(nc, { forMs, what }, async () => {
      const known = await findStream(jsm, wanted.name);
      if (known !== undefined) return known;
      if (wanted.name === LOG_STREAM) await checkNew(jsm, options.whoKnowsOfLog);
      return makeStream(jsm, wanted, replicas);
    });
    const mismatches = compareStream(wanted, config);
    if (mismatches.length > 0) throw new StreamMismatchError(wanted.name, mismatches);
    replicas = config.num_replicas;
  }
}

/** Makes a stream again that holds what can be derived from the log, unless it is there. */
export async function restoreStream(jsm: JetStreamManager, name: DerivedStream): Promise<void> {
  if ((await findStream(jsm, name)) !== undefined) return;
  const log = await findStream(jsm, LOG_STREAM);
  if (log === undefined) throw new LogGoneError(`the stream ${LOG_STREAM} doesn't exist`);
  const wanted = wantedStreams.find((stream) => stream.name === name)!;
  await makeStream(jsm, wanted, log.config.num_replicas);
}

/** Throws `LogGoneError` where the log was there before: an empty one in its place would be taken for the truth. */
async function checkNew(
  jsm: JetStreamManager,
  whoKnows: EnsureStreamsOptions['whoKnowsOfLog'],
): Promise<void> {
  const derived = await Promise.all(derivedStreams.map((name) => findStream(jsm, name)));
  const used = derived.filter((found) => found !== undefined).filter(({ state }) => state.last_seq > 0);
  const witness =
    used.length > 0
      ? `what followed from it is in ${used.map(({ config }) => config.name).join(' and ')}`
      : await whoKnows?.();
  // Whoever founds a cluster at the same time makes its log first.
  if (witness === undefined || (await findStream(jsm, LOG_STREAM)) !== undefined) return;
  throw new LogGoneError(
    `the log is gone: there is no stream ${LOG_STREAM}, and ${witness}. Bring it back from a backup (nats stream restore); to begin with an empty one, end every copy of muster and delete ${derivedStreams.join(' and ')} first`,
  );
}

async function checkServer(nc: NatsConnection, jsm: JetStreamManager): Promise<void> {
  const { info } = nc;
  if (info === undefined) return;
  const server = `the nats-server at ${nc.getServer()}`;
  if (isTooOld(info.version)) {
    throw new UnsuitableServerError(
      `${server} is ${info.version}, and muster needs ${OLDEST_SERVER.join('.')} or later`,
    );
  }
  // Without JetStream of its own it may still lead to servers that have it.
  if (info.jetstream === true || info.cluster !== undefined) return;
  try {
    await jsm.getAccountInfo();
  } catch (error) {
    throw new UnsuitableServerError(`${server} runs without JetStream: start it with -js, or configure it`, {
      cause: error,
    });
  }
}

export function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < OLDEST_SERVER[0] || (major === OLDEST_SERVER[0] && minor < OLDEST_SERVER[1]);
}

export async function findStream(
  jsm: JetStreamManager,
  name: string,
  options?: Parameters<JetStreamManager['streams']['info']>[1],
): Promise<StreamInfo | undefined> {
  try {
    return await jsm.streams.info(name, options);
  } catch (error) {
    if (isStreamMissing(error)) return undefined;
    throw error;
  }
}

export function isStreamMissing(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;
}

/** The settings that the stream has then: another process may have made it first. */
async function makeStream(
  jsm: JetStreamManager,
  wanted: Wanted,
  replicas: number,
): Promise<Pick<StreamInfo, 'config'>> {
  try {
    const allowDirect = wanted.name === SNAPSHOTS_STREAM ? { allow_direct: true } : {};
    const limits = { num_replicas: replicas, max_consumers: MOST_CONSUMERS };
    return await jsm.streams.add({ ...wanted, ...allowDirect, ...limits });
  } catch (error) {
    if (isPassing(error)) throw error;
    const found = await findStream(jsm, wanted.name);
    if (found !== undefined) return found;
    const because = error instanceof Error ? error.message : String(error);
    throw new StreamRefusedError(`can't make the stream ${wanted.name}: ${because}`, { cause: error });
  }
}

/** Settings that only an operator decides (replicas, limits on bytes and consumers, placement, compression) are not compared. */
export function compareStream(wanted: Wanted, found: StreamConfig): StreamMismatch[] {
  const mismatches: StreamMismatch[] = [];
  for (const setting of Object.keys(wanted) as (keyof Wanted)[]) {
    const [expected, actual] = [wanted[setting], found[setting] ?? nothingLike(wanted[setting])];
    if (JSON.stringify(expected) !== JSON.stringify(actual))
      mismatches.push({ setting, expected, found: actual });
  }
  for (const setting of wanted.republish ? OFF : [...OFF, 'republish' as const]) {
    const actual = found[setting];
    if (Array.isArray(actual) ? actual.length > 0 : Boolean(actual)) {
      mismatches.push({ setting, expected: 'off', found: actual });
    }
  }
  return mismatches;
}

function nothingLike(value: unknown): unknown {
  return typeof value === 'boolean' ? false : typeof value === 'number' ? 0 : undefined;
}
