// What stands before a line of output: `web.1.q1w2e3r4t5y6@node1    | `, lined up. Pure.
import { placeOf, shortenId, type TaskView } from '@muster/api';
import { plainText } from '../output/plain-text.ts';

export interface PrefixOptions {
  readonly raw: boolean;
  readonly taskIds: boolean;
  readonly noTrunc: boolean;
  readonly noResolve: boolean;
}

export function namePrefix(task: TaskView, { raw, taskIds, noTrunc, noResolve }: PrefixOptions): string {
  if (raw) return '';
  const id = noTrunc ? task.id : shortenId(task.id);
  const service = noResolve ? task.serviceId : task.serviceName;
  const node = (noResolve ? task.nodeId : task.hostname) ?? '';
  return plainText(`${service}.${placeOf(task)}${taskIds ? `.${id}` : ''}@${node}`);
}

export function padPrefixes(prefixes: readonly string[]): string[] {
  const width = Math.max(0, ...prefixes.map((prefix) => prefix.length));
  return prefixes.map((prefix) => (prefix === '' ? '' : `${prefix.padEnd(width)}    | `));
}

export function formatLine(prefix: string, line: string, time: number, timestamps: boolean): string {
  return `${timestamps ? `${new Date(time).toISOString()} ` : ''}${prefix}${line}\n`;
}
