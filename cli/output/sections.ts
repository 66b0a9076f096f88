// An object of objects for people: a title, and below it a line for each field. What `version` and `info` print. Pure.
import { printObject } from './inspect.ts';
import { plainText } from './plain-text.ts';

export type Sections = Readonly<Record<string, Readonly<Record<string, string | number>>>>;

/** `format` is json, or a Go template on the whole. */
export function printSections(sections: Sections, format: string | undefined): string {
  if (format !== undefined) return printObject(sections, format);
  return Object.entries(sections)
    .map(([title, fields]) => `${title}:\n${printFields(fields)}`)
    .join('\n');
}

function printFields(fields: Sections[string]): string {
  const lines = Object.entries(fields).map(([name, value]) => [labelOf(name), String(value)] as const);
  const width = Math.max(...lines.map(([label]) => label.length)) + 2;
  return lines.map(([label, value]) => ` ${`${label}:`.padEnd(width)}${plainText(value)}\n`).join('');
}

/** "FoldVersion" is "Fold version". */
function labelOf(name: string): string {
  return name.replace(/(?<=[a-z])([A-Z])(?=[a-z])/g, (_, letter: string) => ` ${letter.toLowerCase()}`);
}
