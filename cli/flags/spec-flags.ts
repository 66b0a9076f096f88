// The flags of `service create` and `service update`, and the place of each in the spec. One table: both commands, the
// help and the tests read it.
import {
  type Mount,
  type NetworkAttachment,
  type PlacementPreference,
  type Port,
  parseMount,
  parseNetwork,
  parsePlacementPreference,
  parsePort,
  type Read,
  type ShortPort,
} from '@muster/model';
import { InvalidArgumentError } from 'commander';
import { checkFlags } from './health-flags.ts';
import { nameLists } from './name-flags.ts';
import { type ScalarFlag, scalar } from './scalar-flag.ts';
import {
  cpusValue,
  durationValue,
  envValue,
  memoryValue,
  type Parse,
  ratioValue,
  switchValue,
  textValue,
  wholeValue,
  wordsValue,
} from './values.ts';

const container = ['taskTemplate', 'containerSpec'];
const resources = ['taskTemplate', 'resources'];
const restart = ['taskTemplate', 'restartPolicy'];

/** How an update goes its way, and a rollback. */
function paceFlags(what: 'update' | 'rollback', place: string, actions: readonly string[]): ScalarFlag[] {
  return [
    scalar(
      `--${what}-parallelism <n>`,
      `most tasks in one ${what} at the same time (0 = all; 1)`,
      [place, 'parallelism'],
      wholeValue,
    ),
    scalar(`--${what}-delay <duration>`, `delay between ${what}s (0s)`, [place, 'delay'], durationValue),
    scalar(
      `--${what}-monitor <duration>`,
      `how long a new task of ${what === 'update' ? 'an update' : 'a rollback'} is watched for failure (5s)`,
      [place, 'monitor'],
      durationValue,
    ),
    scalar(
      `--${what}-failure-action <action>`,
      `what a failed ${what} leads to (pause)`,
      [place, 'failureAction'],
      textValue,
      actions,
    ),
    scalar(
      `--${what}-max-failure-ratio <ratio>`,
      `share of tasks that may fail during ${what === 'update' ? 'an update' : 'a rollback'} (0)`,
      [place, 'maxFailureRatio'],
      ratioValue,
    ),
    scalar(
      `--${what}-order <order>`,
      `which task of a slot goes first in ${what === 'update' ? 'an update' : 'a rollback'} (stop-first)`,
      [place, 'order'],
      textValue,
      ['start-first', 'stop-first'],
    ),
  ];
}

export const scalarFlags: readonly ScalarFlag[] = [
  scalar('--replicas <n>', 'number of tasks', ['mode', 'replicated', 'replicas'], wholeValue),
  scalar(
    '--replicas-max-per-node <n>',
    'most tasks on one node (0 = unlimited)',
    ['taskTemplate', 'placement', 'maxReplicas'],
    wholeValue,
  ),
  scalar('--entrypoint <command>', "replaces the image's entrypoint", [...container, 'command'], wordsValue),
  scalar('--hostname <name>', "the container's hostname", [...container, 'hostname'], textValue),
  scalar(
    '-u, --user <user>',
    'user name or UID (<name|uid>[:<group|gid>])',
    [...container, 'user'],
    textValue,
  ),
  scalar('-w, --workdir <dir>', 'working directory inside the container', [...container, 'dir'], textValue),
  scalar(
    '--stop-signal <signal>',
    'signal that stops the container',
    [...container, 'stopSignal'],
    textValue,
  ),
  scalar(
    '--stop-grace-period <duration>',
    'time to wait before force killing (10s)',
    [...container, 'stopGracePeriod'],
    durationValue,
  ),
  scalar('-t, --tty', 'allocate a pseudo-TTY', [...container, 'tty'], switchValue),
  scalar(
    '--init',
    'run an init inside the container that forwards signals',
    [...container, 'init'],
    switchValue,
  ),
  scalar(
    '--read-only',
    "mount the container's root filesystem as read only",
    [...container, 'readOnly'],
    switchValue,
  ),
  scalar(
    '--endpoint-mode <mode>',
    "what the service's name leads to: one virtual address, or those of its tasks (vip)",
    ['endpointSpec', 'mode'],
    textValue,
    ['vip', 'dnsrr'],
  ),
  scalar('--limit-cpu <cpus>', 'most CPUs', [...resources, 'limits', 'nanoCpus'], cpusValue),
  scalar('--limit-memory <bytes>', 'most memory', [...resources, 'limits', 'memoryBytes'], memoryValue),
  scalar(
    '--reserve-cpu <cpus>',
    'CPUs set aside on the node',
    [...resources, 'reservations', 'nanoCpus'],
    cpusValue,
  ),
  scalar(
    '--reserve-memory <bytes>',
    'memory set aside on the node',
    [...resources, 'reservations', 'memoryBytes'],
    memoryValue,
  ),
  scalar('--restart-condition <when>', 'when to restart (any)', [...restart, 'condition'], textValue, [
    'none',
    'on-failure',
    'any',
  ]),
  scalar('--restart-delay <duration>', 'delay between attempts (5s)', [...restart, 'delay'], durationValue),
  scalar(
    '--restart-max-attempts <n>',
    'most restarts (0 = unlimited)',
    [...restart, 'maxAttempts'],
    wholeValue,
  ),
  scalar(
    '--restart-window <duration>',
    'window in which restarts count (0 = unbounded)',
    [...restart, 'window'],
    durationValue,
  ),
  ...checkFlags,
  ...paceFlags('update', 'updateConfig', ['pause', 'continue', 'rollback']),
  ...paceFlags('rollback', 'rollbackConfig', ['pause', 'continue']),
];

/** A list in the spec: given whole on create, added to and taken from on update. */
export interface ListFlag {
  readonly name: string;
  readonly short?: string;
  readonly value: string;
  readonly description: string;
  readonly path: readonly string[];
  /** The item, or a `[key, value]` pair where the place is a map. */
  readonly parse: Parse<unknown>;
  /** Adding one with the same key replaces it. */
  readonly keyOf: (item: never) => string;
  /** Of one key may only one be given: the last is meant. Otherwise all are, and the cluster says what is wrong with it. */
  readonly lastWins: boolean;
  /** What `--x-rm` names items by: their key, unless said otherwise. */
  readonly parseRemoval?: Parse<unknown>;
  readonly isRemovedBy?: (item: never, removal: never) => boolean;
  /** What is left of an item; instead of `isRemovedBy`. */
  readonly removeFrom?: (item: never, removal: never) => unknown;
  /** An update puts them in order, as docker's does. */
  readonly sorted?: boolean;
}

/** `key=value`, or a key alone. */
export function keyValue(text: string): [string, string] {
  const at = text.indexOf('=');
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

export function labelPair(text: string): [string, string] {
  const [key, value] = keyValue(text);
  if (key.trim() === '') throw new InvalidArgumentError(`invalid label '${text}': empty name.`);
  if (/\s/.test(key.trim())) throw new InvalidArgumentError(`label '${key}' contains whitespaces.`);
  return [key, value];
}

function reading<T extends object>(read: (text: string) => Read<T>): Parse<T> {
  return (text) => {
    const value = read(text);
    if ('error' in value) throw new InvalidArgumentError(`${value.error}.`);
    return value;
  };
}

const readPort = reading(parsePort);

function portItem(text: string) {
  const { target: targetPort, published: publishedPort, protocol, mode: publishMode } = readPort(text);
  return dropUndefined({ protocol, targetPort, publishedPort, publishMode });
}

type GivenPort = Pick<Port, 'targetPort'> & Partial<Port>;

function keyOfPort({ publishedPort = 0, targetPort, protocol = 'tcp', publishMode = 'ingress' }: GivenPort) {
  return `${publishedPort}:${targetPort}/${protocol}/${publishMode}`;
}

/** By its target; and by all else that is said. */
function isPortRemovedBy(port: Port, { target, published, protocol = 'tcp', mode }: ShortPort): boolean {
  if (port.targetPort !== target || port.protocol !== protocol) return false;
  return (
    (published === undefined || published === port.publishedPort) &&
    (mode === undefined || mode === port.publishMode)
  );
}

export function dropUndefined<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}

export const envKey = (item: string) => keyValue(item)[0];

export const listFlags: readonly ListFlag[] = [
  {
    name: 'env',
    short: 'e',
    value: 'KEY=VALUE',
    description: 'environment variable',
    path: [...container, 'env'],
    parse: envValue,
    keyOf: envKey,
    lastWins: true,
  },
  {
    name: 'label',
    short: 'l',
    value: 'KEY=VALUE',
    description: 'label of the service',
    path: ['labels'],
    parse: labelPair,
    keyOf: ([key]: [string, string]) => key,
    lastWins: true,
  },
  {
    name: 'container-label',
    value: 'KEY=VALUE',
    description: 'label of its containers',
    path: [...container, 'labels'],
    parse: labelPair,
    keyOf: ([key]: [string, string]) => key,
    lastWins: true,
  },
  {
    name: 'constraint',
    value: 'EXPRESSION',
    description: 'placement constraint, such as node.labels.zone==a',
    path: ['taskTemplate', 'placement', 'constraints'],
    parse: textValue,
    keyOf: (item: string) => item,
    lastWins: true,
  },
  {
    name: 'placement-pref',
    value: 'PREFERENCE',
    description: 'share tasks equally among the values of a label: spread=node.labels.zone',
    path: ['taskTemplate', 'placement', 'preferences'],
    parse: reading(parsePlacementPreference),
    keyOf: ({ spread }: PlacementPreference) => `spread=${spread.spreadDescriptor}`,
    lastWins: true,
  },
  {
    name: 'publish',
    short: 'p',
    value: 'PORT',
    description: 'publish a port: published=8080,target=80,mode=host',
    path: ['endpointSpec', 'ports'],
    parse: portItem,
    keyOf: keyOfPort,
    lastWins: false,
    parseRemoval: readPort,
    isRemovedBy: isPortRemovedBy,
  },
  {
    name: 'mount',
    value: 'MOUNT',
    description: 'attach a file system: type=bind,source=/srv,target=/data[,readonly]',
    path: [...container, 'mounts'],
    parse: reading(parseMount),
    keyOf: ({ target }: Mount) => target,
    lastWins: false,
  },
  {
    name: 'network',
    value: 'NETWORK',
    description: 'network to be on: its name, or name=backend,alias=db',
    path: ['taskTemplate', 'networks'],
    parse: reading(parseNetwork),
    keyOf: ({ target }: NetworkAttachment) => target,
    lastWins: false,
  },
  ...nameLists,
];
