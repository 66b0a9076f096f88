// Templates as Docker's --format takes them: Go's, with the functions that Docker adds (cli/templates). What they print is plain.
import {
  compileTemplate as compile,
  isList,
  printValue,
  type Template,
  type TemplateFunction,
  textOf,
  wholeOf,
} from '@muster/model';
import { plainJson, plainLines } from './plain-text.ts';

export { type Template, TemplateError } from '@muster/model';

const functions: Readonly<Record<string, TemplateFunction>> = {
  json: (value) => plainJson(value ?? null),
  split: (value, separator) => textOf(value).split(textOf(separator)),
  join: (values, separator) => (isList(values) ? values : []).map(printValue).join(textOf(separator)),
  title: (value) =>
    textOf(value).replace(
      /(^|[^\p{L}\p{N}_'])(\p{L})/gu,
      (_, before, letter) => before + letter.toUpperCase(),
    ),
  lower: (value) => textOf(value).toLowerCase(),
  upper: (value) => textOf(value).toUpperCase(),
  pad: (value, before, after) =>
    textOf(value) === '' ? '' : ' '.repeat(wholeOf(before)) + textOf(value) + ' '.repeat(wholeOf(after)),
  truncate: (value, length) => [...textOf(value)].slice(0, wholeOf(length)).join(''),
};

const arity = { json: 1, split: 2, join: 2, title: 1, lower: 1, upper: 1, pad: 3, truncate: 2 };

/** Throws `TemplateError` when the text is no template; so does running it, when the value has no such field. */
export function compileTemplate(text: string): Template {
  return compile(text, { functions, arity, show: plainLines, absent: '<no value>' });
}
