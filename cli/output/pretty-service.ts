// `service inspect --pretty`: Docker's layout, with what muster knows. Pure.
import type { ServiceDetail } from '@muster/api';
import {
  formatDuration,
  formatMemory,
  type Healthcheck,
  type RollbackConfig,
  type ServiceSpec,
  type UpdateConfig,
} from '@muster/model';
import { type Line, mapLines, section } from './pretty-sections.ts';
import { capitalise } from './task-list.ts';
import { describeAge } from './time-words.ts';

export function printServicePretty(service: ServiceDetail, now = Date.now()): string {
  const { spec, mode, replicas } = service;
  const { taskTemplate } = spec;
  return [
    section('', [
      ['ID', service.id],
      ['Name', service.name],
      service.team === undefined ? undefined : ['Team', service.team],
      ...mapLines('Labels', spec.labels),
      ['Service Mode', capitalise(mode)],
      // As Docker: how many there are to be of the others is up to the nodes.
      mode === 'replicated' ? [' Replicas', String(replicas)] : undefined,
      service.unschedulable === undefined ? undefined : ['Unschedulable', service.unschedulable],
    ]),
    section('UpdateStatus', updateStatusLines(service, now)),
    section('Placement', placementLines(taskTemplate)),
    section('UpdateConfig', paceLines(spec.updateConfig, 'Update')),
    // Left out where the cluster can't store one yet.
    section('RollbackConfig', spec.rollbackConfig ? paceLines(spec.rollbackConfig, 'Rollback') : []),
    section('RestartPolicy', restartLines(taskTemplate)),
    section('ContainerSpec', containerLines(taskTemplate)),
    section('Mounts', taskTemplate.containerSpec.mounts.flatMap(mountLines)),
    section('Resources', resourceLines(taskTemplate)),
    section('Networks', networkLines(service)),
    section('', endpointLines(service)),
    section('Ports', service.ports.flatMap(portLines)),
  ].join('');
}

function updateStatusLines({ updateStatus }: ServiceDetail, now: number): Line[] {
  if (!updateStatus) return [];
  const { state, startedAt, completedAt, message } = updateStatus;
  return [
    [' State', state],
    [' Started', describeAge(startedAt, now)],
    state === 'completed' && completedAt !== undefined
      ? [' Completed', describeAge(completedAt, now)]
      : undefined,
    [' Message', message],
  ];
}

/** What the cluster can't store yet is not there. */
function paceLines(config: Partial<UpdateConfig | RollbackConfig>, what: 'Update' | 'Rollback'): Line[] {
  const { parallelism, delay = 0, failureAction, monitor = 0, maxFailureRatio, order } = config;
  return [
    [' Parallelism', String(parallelism)],
    delay > 0 ? [' Delay', formatDuration(delay)] : undefined,
    failureAction === undefined ? undefined : [' On failure', failureAction],
    monitor > 0 ? [' Monitoring Period', formatDuration(monitor)] : undefined,
    maxFailureRatio === undefined ? undefined : [' Max failure ratio', String(maxFailureRatio)],
    [` ${what} order`, String(order)],
  ];
}

function placementLines({ placement }: ServiceSpec['taskTemplate']): Line[] {
  return [
    placement.constraints.length > 0 ? [' Constraints', placement.constraints.join(', ')] : undefined,
    placement.maxReplicas > 0 ? [' Max Replicas Per Node', String(placement.maxReplicas)] : undefined,
  ];
}

function restartLines({
  restartPolicy: { condition, delay, maxAttempts, window },
}: ServiceSpec['taskTemplate']): Line[] {
  return [
    [' Condition', condition],
    [' Delay', formatDuration(delay)],
    maxAttempts > 0 ? [' Max attempts', String(maxAttempts)] : undefined,
    window > 0 ? [' Window', formatDuration(window)] : undefined,
  ];
}

function containerLines({ containerSpec }: ServiceSpec['taskTemplate']): Line[] {
  const { image, command, args, env, dir, user, hostname, init, readOnly, tty } = containerSpec;
  const { healthcheck, readiness, dnsConfig, hosts = [] } = containerSpec;
  const { nameservers = [], search = [], options = [] } = dnsConfig ?? {};
  return [
    [' Image', image],
    command && command.length > 0 ? [' Command', command.join(' ')] : undefined,
    args && args.length > 0 ? [' Args', args.join(' ')] : undefined,
    env.length > 0 ? [' Env', env.join(' ')] : undefined,
    dir === undefined ? undefined : [' Dir', dir],
    user === undefined ? undefined : [' User', user],
    hostname === undefined ? undefined : [' Hostname', hostname],
    init === undefined ? undefined : [' Init', String(init)],
    readOnly === undefined ? undefined : [' ReadOnly', String(readOnly)],
    tty === undefined ? undefined : [' TTY', String(tty)],
    ...healthLines(' Health', healthcheck),
    ...healthLines(' Ready', readiness),
    nameservers.length > 0 ? [' DNS', nameservers.join(' ')] : undefined,
    search.length > 0 ? [' DNS Search', search.join(' ')] : undefined,
    options.length > 0 ? [' DNS Options', options.join(' ')] : undefined,
    ...hosts.map((line): Line => [' Host', line]),
  ];
}

/** What is not said is the image's, or as Docker has it. */
function healthLines(what: string, check: Partial<Healthcheck> | undefined): Line[] {
  if (!check) return [];
  const { test = [], interval = 0, timeout = 0, startPeriod = 0, startInterval = 0, retries = 0 } = check;
  const [kind, ...command] = test;
  const span = (name: string, nanos: number): Line =>
    nanos > 0 ? [`  ${name}`, formatDuration(nanos)] : undefined;
  return [
    [what, kind === 'NONE' ? 'none' : command.join(' ')],
    span('Interval', interval),
    span('Timeout', timeout),
    span('Start Period', startPeriod),
    span('Start Interval', startInterval),
    retries > 0 ? ['  Retries', String(retries)] : undefined,
  ];
}

function mountLines({
  type,
  source,
  target,
  readOnly,
}: ServiceSpec['taskTemplate']['containerSpec']['mounts'][number]): Line[] {
  return [
    [' Target', target],
    source === undefined ? undefined : ['  Source', source],
    ['  ReadOnly', String(readOnly)],
    ['  Type', type],
  ];
}

function resourceLines({ resources }: ServiceSpec['taskTemplate']): Line[] {
  return (['reservations', 'limits'] as const).flatMap((kind): Line[] => {
    const { nanoCpus, memoryBytes } = resources[kind];
    if (nanoCpus === 0 && memoryBytes === 0) return [];
    return [
      [` ${capitalise(kind)}`, ''],
      nanoCpus > 0 ? ['  CPU', String(nanoCpus / 1e9)] : undefined,
      memoryBytes > 0 ? ['  Memory', formatMemory(memoryBytes)] : undefined,
    ];
  });
}

function networkLines({ networks, spec, virtualAddresses }: ServiceDetail): Line[] {
  return networks.map(({ id, name }): Line => {
    const aliases = spec.taskTemplate.networks?.find(({ target }) => target === id)?.aliases ?? [];
    const vips = virtualAddresses.filter(({ networkId }) => networkId === id).map(({ address }) => address);
    const called = aliases.length > 0 ? [`as ${aliases.join(', ')}`] : [];
    return [` ${name}`, [...vips, ...called].join(' ')];
  });
}

/** Docker says it of every service; here of those that it makes a difference for. */
function endpointLines({ spec: { endpointSpec }, networks }: ServiceDetail): Line[] {
  if (networks.length === 0 && endpointSpec.mode === undefined) return [];
  return [['Endpoint Mode', endpointSpec.mode ?? 'vip']];
}

function portLines({
  publishedPort,
  protocol,
  targetPort,
  publishMode,
}: ServiceSpec['endpointSpec']['ports'][number]): Line[] {
  return [
    [' PublishedPort', String(publishedPort)],
    ['  Protocol', protocol],
    ['  TargetPort', String(targetPort)],
    ['  PublishMode', publishMode],
  ];
}
