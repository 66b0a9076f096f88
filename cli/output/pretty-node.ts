// `node inspect --pretty`: Docker's layout, with what muster knows. Pure.
import type { NodeDetail } from '@muster/api';
import { formatMemory } from '@muster/model';
import { managerStatusOf } from './node-list.ts';
import { mapLines, section } from './pretty-sections.ts';
import { capitalise } from './task-list.ts';

export function printNodePretty(node: NodeDetail): string {
  const { spec, description, status, statusMessage } = node;
  const { platform, resources, engine } = description;
  const managerStatus = managerStatusOf(node);
  return [
    section('', [
      ['ID', node.id],
      ...mapLines('Labels', spec.labels),
      ['Hostname', description.hostname],
      ['Joined at', new Date(node.joinedAt).toISOString()],
    ]),
    section('Status', [
      [' State', capitalise(status)],
      statusMessage === '' ? undefined : [' Message', statusMessage],
      [' Availability', capitalise(spec.availability)],
      description.addr === undefined ? undefined : [' Address', description.addr],
      description.takenPorts === undefined
        ? undefined
        : [" Other programs' ports", description.takenPorts.join(', ')],
    ]),
    section('Manager Status', managerStatus === '' ? [] : [[' Reachability', managerStatus]]),
    section('Platform', [
      [' Operating System', platform.os],
      [' Architecture', platform.architecture],
    ]),
    section('Resources', [
      [' CPUs', String(resources.nanoCpus / 1e9)],
      [' Memory', formatMemory(resources.memoryBytes)],
    ]),
    section('', [
      ['Engine Version', engine.version],
      ['Backend', engine.backend],
      ...mapLines('Engine Labels', engine.labels),
      ...mapLines('Agent Labels', description.labels),
    ]),
  ].join('');
}
