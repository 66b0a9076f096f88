// Go's text/template, as far as Docker's --format needs it: no package on npm prints maps and numbers as Go does.
// Everything but define, template, block, html, js, urlquery and call; what is missing is refused by name.
import { evaluateTemplate, knowsFunction } from './evaluate.ts';
import { parseTemplate } from './parse.ts';
import type { Value } from './print.ts';

export { TemplateError } from './syntax.ts';

export type Template = (value: Value) => string;

/** Throws `TemplateError` when the text is no template; so does running it, when the value has no such field. */
export function compileTemplate(text: string): Template {
  const nodes = parseTemplate(text, knowsFunction);
  return (value) => evaluateTemplate(nodes, value);
}
