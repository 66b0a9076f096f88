// One line of comma-separated fields, as Go's encoding/csv reads it for docker's `--mount` and `--publish`: a field that
// holds a comma stands in quotes as a whole, `"source=/srv/a,b"`, and a quote in it is doubled.

export type Fields = readonly string[] | { readonly error: string };

export function splitCommaFields(text: string): Fields {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    const read = text[at] === '"' ? readQuoted(text, at) : readBare(text, at);
    if ('error' in read) return read;
    fields.push(read.field);
    if (read.end >= text.length) return fields;
    at = read.end + 1;
  }
}

type Field = { readonly field: string; readonly end: number } | { readonly error: string };

function readBare(text: string, start: number): Field {
  const comma = text.indexOf(',', start);
  const end = comma === -1 ? text.length : comma;
  const quote = text.indexOf('"', start);
  if (quote !== -1 && quote < end) return parseError(quote, 'bare " in non-quoted-field');
  return { field: text.slice(start, end), end };
}

function readQuoted(text: string, start: number): Field {
  let field = '';
  for (let at = start + 1; ; ) {
    const quote = text.indexOf('"', at);
    if (quote === -1) return parseError(text.length, 'extraneous or missing " in quoted-field');
    field += text.slice(at, quote);
    const next = text[quote + 1];
    if (next === undefined || next === ',') return { field, end: quote + 1 };
    if (next !== '"') return parseError(quote, 'extraneous or missing " in quoted-field');
    field += '"';
    at = quote + 2;
  }
}

function parseError(at: number, what: string): { readonly error: string } {
  return { error: `parse error on column ${at + 1}: ${what}` };
}
