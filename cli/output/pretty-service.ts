// `service inspect --pretty`: Docker's layout, with what muster knows. Pure.
import type { ServiceDetail } from '@muster/api';
import { formatDuration, formatMemory, type ServiceSpec } from '@muster/model';
import { plainText } from './plain-text.ts';
import { capitalise } from './task-list.ts';

type Line = readonly [label: string, value: string] | undefined;

export function printServicePretty(service: ServiceDetail): string {
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
    section('Placement', placementLines(taskTemplate)),
    section('UpdateConfig', [
      [' Parallelism', String(spec.updateConfig.parallelism)],
      spec.updateConfig.delay > 0 ? [' Delay', formatDuration(spec.updateConfig.delay)] : undefined,
      [' Update order', spec.updateConfig.order],
    ]),
    section('RestartPolicy', restartLines(taskTemplate)),
    section('ContainerSpec', containerLines(taskTemplate)),
    section('Mounts', taskTemplate.containerSpec.mounts.flatMap(mountLines)),
    section('Resources', resourceLines(taskTemplate)),
    section('Ports', service.ports.flatMap(portLines)),
  ].join('');
}

function section(title: string, lines: readonly Line[]): string {
  const given = lines.filter((line) => line !== undefined);
  if (given.length === 0) return '';
  const width = Math.max(...given.map(([label]) => label.length)) + 2;
  const text = given
    .map(([label, value]) => `${plainText(`${`${label}:`.padEnd(width)}${value}`).trimEnd()}\n`)
    .join('');
  return title === '' ? text : `${title}:\n${text}`;
}

function mapLines(label: string, map: Readonly<Record<string, string>>): Line[] {
  const entries = Object.entries(map);
  if (entries.length === 0) return [];
  return [[label, ''], ...entries.map(([key, value]): Line => [` ${key}`, value])];
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
