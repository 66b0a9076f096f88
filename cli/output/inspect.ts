// `inspect`: a JSON array of the objects, or a Go template on each.

import { plainJson } from './plain-text.ts';
import { compileTemplate } from './template.ts';

export function printObjects(objects: readonly object[], format: string | undefined): string {
  if (format === undefined || format === '') return `${plainJson(objects, 4)}\n`;
  if (format === 'json') return `${plainJson(objects)}\n`;
  const template = compileTemplate(format);
  return objects.map((object) => `${template(object)}\n`).join('');
}

/** The one there is. */
export function printObject(object: object, format: string): string {
  return format === 'json' ? `${plainJson(object)}\n` : printObjects([object], format);
}
