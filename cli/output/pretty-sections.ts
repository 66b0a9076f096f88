// What `inspect --pretty` is made of: titles, and below them a line for each field that there is. Pure.
import { plainText } from './plain-text.ts';

export type Line = readonly [label: string, value: string] | undefined;

export function section(title: string, lines: readonly Line[]): string {
  const given = lines.filter((line) => line !== undefined);
  if (given.length === 0) return '';
  const width = Math.max(...given.map(([label]) => label.length)) + 2;
  const text = given
    .map(([label, value]) => `${plainText(`${`${label}:`.padEnd(width)}${value}`).trimEnd()}\n`)
    .join('');
  return title === '' ? text : `${title}:\n${text}`;
}

export function mapLines(label: string, map: Readonly<Record<string, string>>): Line[] {
  const entries = Object.entries(map);
  if (entries.length === 0) return [];
  return [[label, ''], ...entries.map(([key, value]): Line => [` ${key}`, value])];
}
