// `inspect`: a JSON array of the objects, or a Go template on each.
import { compileTemplate } from './go-template/template.ts';
import { unescapeFormat } from './list.ts';

export function printObjects(objects: readonly object[], format: string | undefined): string {
  if (format === undefined || format === '') return `${JSON.stringify(objects, null, 4)}\n`;
  if (format === 'json') return objects.map((object) => `${JSON.stringify(object)}\n`).join('');
  const template = compileTemplate(unescapeFormat(format), { missing: 'no value' });
  return objects.map((object) => `${template(object)}\n`).join('');
}
