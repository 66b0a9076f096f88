// From the text of a template to texts and actions, and from an action to its tokens. Trim markers and comments are
// settled here.
import { TemplateError } from './syntax.ts';

export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly tokens: readonly Token[]; readonly line: number };

export interface Token {
  readonly kind: 'field' | 'dot' | 'variable' | 'word' | 'string' | 'number' | 'symbol';
  readonly text: string;
  /** Whether white space stands before it: `.A.B` is one operand, `.A .B` are two. */
  readonly spaced: boolean;
}

export function lexTemplate(source: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  let trimNext = false;
  while (at < source.length) {
    const open = source.indexOf('{{', at);
    const end = open === -1 ? source.length : open;
    const trimsLeft = open !== -1 && /^-\s/.test(source.slice(open + 2, open + 4));
    let text = unescapeText(source.slice(at, end));
    if (trimNext) text = text.trimStart();
    if (trimsLeft) text = text.trimEnd();
    if (text !== '') pieces.push({ kind: 'text', text });
    if (open === -1) break;
    const line = source.slice(0, open).split('\n').length;
    const start = open + (trimsLeft ? 3 : 2);
    const comment = /^\s*\/\*[\s\S]*?\*\/(\s-)?(?=\}\})/.exec(source.slice(start));
    if (comment) {
      trimNext = comment[1] !== undefined;
      at = start + comment[0].length + 2;
      continue;
    }
    const action = lexAction(source, start, line);
    pieces.push({ kind: 'action', tokens: action.tokens, line });
    trimNext = action.trimsRight;
    at = action.end;
  }
  return pieces;
}

/** In single quotes a shell leaves `\t` as it is; Docker reads it as a tab. In an action it is the string's. */
function unescapeText(text: string): string {
  return text.replaceAll('\\t', '\t').replaceAll('\\n', '\n');
}

const patterns: readonly [Token['kind'] | 'space', RegExp][] = [
  ['space', /\s+/y],
  ['string', /"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)+'/y],
  [
    'number',
    /[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/y,
  ],
  ['field', /\.[\p{L}_][\p{L}\p{N}_]*/uy],
  ['dot', /\./y],
  ['variable', /\$[\p{L}\p{N}_]*/uy],
  ['word', /[\p{L}_][\p{L}\p{N}_]*/uy],
  ['symbol', /:=|[=|(),]/y],
];

function lexAction(
  source: string,
  start: number,
  line: number,
): { tokens: Token[]; end: number; trimsRight: boolean } {
  const tokens: Token[] = [];
  let at = start;
  let spaced = false;
  while (at < source.length) {
    if (source.startsWith('}}', at)) return { tokens, end: at + 2, trimsRight: false };
    if (spaced && source.startsWith('-}}', at)) return { tokens, end: at + 3, trimsRight: true };
    const found = matchAt(source, at);
    if (!found)
      throw new TemplateError(`template: :${line}: unexpected ${JSON.stringify(source[at])} in action`);
    if (found.kind !== 'space') tokens.push({ kind: found.kind, text: found.text, spaced });
    spaced = found.kind === 'space';
    at += found.text.length;
  }
  throw new TemplateError(`template: :${line}: unclosed action`);
}

function matchAt(source: string, at: number): { kind: Token['kind'] | 'space'; text: string } | undefined {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const text = pattern.exec(source)?.[0];
    if (text !== undefined && text !== '') return { kind, text };
  }
  return undefined;
}
