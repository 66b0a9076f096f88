// Go's text/template, as far as Docker needs it: no package on npm prints maps and numbers as Go does.
// Everything but define, template, block, html, js, urlquery and call; what is missing is refused by name.
import { type Dialect, evaluateTemplate, knowsFunction } from './evaluate.ts';
import { parseTemplate } from './parse.ts';
import type { Value } from './print.ts';

export type Template = (value: Value) => string;

/** Throws `TemplateError` when the text is no template; so does running it, when the value has no such field. */
export function compileTemplate(text: string, dialect: Dialect): Template {
  const nodes = parseTemplate(text, (name) => knowsFunction(name, dialect));
  return (value) => evaluateTemplate(nodes, value, dialect);
}
