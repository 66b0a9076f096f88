// From tokens to the tree. Refuses what is not a template, in the words of Go's parser where they fit on one line.
import { ownValue } from '../stored/own-keys.ts';
import { lexTemplate, type Piece, type Token } from './lex.ts';
import { type Command, type Operand, type Pipe, TemplateError, type TemplateNode } from './syntax.ts';

const notSupported = new Set(['define', 'template', 'block']);

/** `knows` says which functions there are. */
export function parseTemplate(source: string, knows: (name: string) => boolean): TemplateNode[] {
  const pieces = lexTemplate(source);
  let at = 0;
  let loops = 0;

  function parseList(until: readonly string[]): { nodes: TemplateNode[]; ended: Cursor | undefined } {
    const nodes: TemplateNode[] = [];
    while (at < pieces.length) {
      const piece = pieces[at++]!;
      if (piece.kind === 'text') {
        nodes.push(piece);
        continue;
      }
      const cursor = new Cursor(piece, knows);
      const word = cursor.peekWord();
      if (word !== undefined && until.includes(word)) {
        cursor.next();
        return { nodes, ended: cursor };
      }
      nodes.push(parseAction(cursor, word));
    }
    return { nodes, ended: undefined };
  }

  function parseAction(cursor: Cursor, word: string | undefined): TemplateNode {
    if (word === 'if' || word === 'with' || word === 'range') {
      cursor.next();
      return parseControl(cursor, word);
    }
    if (word === 'break' || word === 'continue') {
      cursor.next();
      if (loops === 0) throw cursor.error(`{{${word}}} outside {{range}}`);
      cursor.expectEnd();
      return { kind: word };
    }
    if (word === 'end' || word === 'else') throw cursor.error(`unexpected {{${word}}}`);
    if (word !== undefined && notSupported.has(word)) {
      throw cursor.error(`{{${word}}} is not supported: write the text where it is to stand`);
    }
    const pipe = cursor.parsePipe();
    cursor.expectEnd();
    return { kind: 'action', pipe };
  }

  function parseControl(cursor: Cursor, kind: 'if' | 'with' | 'range'): TemplateNode {
    const pipe = cursor.parsePipe(kind === 'range');
    cursor.expectEnd();
    if (kind === 'range') loops += 1;
    const { nodes: body, ended } = parseList(['else', 'end']);
    if (kind === 'range') loops -= 1;
    if (!ended) throw cursor.error('unexpected EOF');
    return { kind, pipe, body, otherwise: ended.wasElse() ? parseElse(ended, kind) : [] };
  }

  /** `else`, `else if` and `else with`; the latter two share the `end`. */
  function parseElse(cursor: Cursor, kind: 'if' | 'with' | 'range'): readonly TemplateNode[] {
    const word = cursor.peekWord();
    if (word !== undefined && word === kind && kind !== 'range') {
      cursor.next();
      return [parseControl(cursor, kind)];
    }
    cursor.expectEnd();
    const { nodes, ended } = parseList(['end']);
    if (!ended) throw cursor.error('unexpected EOF');
    return nodes;
  }

  return parseList([]).nodes;
}

class Cursor {
  private at = 0;
  private readonly tokens: readonly Token[];
  private readonly line: number;

  constructor(
    piece: Extract<Piece, { kind: 'action' }>,
    private readonly knows: (name: string) => boolean,
  ) {
    this.tokens = piece.tokens;
    this.line = piece.line;
  }

  error(message: string): TemplateError {
    return new TemplateError(`template: :${this.line}: ${message}`);
  }

  peek(): Token | undefined {
    return this.tokens[this.at];
  }

  next(): Token | undefined {
    return this.tokens[this.at++];
  }

  peekWord(): string | undefined {
    const token = this.peek();
    return token?.kind === 'word' ? token.text : undefined;
  }

  wasElse(): boolean {
    return this.tokens[this.at - 1]?.text === 'else';
  }

  expectEnd(): void {
    const token = this.peek();
    if (token) throw this.error(`unexpected ${JSON.stringify(token.text)} in command`);
  }

  parsePipe(inRange = false): Pipe {
    const { variables, assign } = this.parseDeclaration(inRange);
    const commands: Command[] = [];
    do commands.push(this.parseCommand());
    while (this.accept('|'));
    return { variables, assign, commands };
  }

  private parseDeclaration(inRange: boolean): { variables: string[]; assign: boolean } {
    const start = this.at;
    const variables: string[] = [];
    while (this.peek()?.kind === 'variable') {
      variables.push(this.next()!.text);
      if (this.accept(':=')) return { variables, assign: false };
      if (this.accept('=')) return { variables, assign: true };
      if (!inRange || variables.length === 2 || !this.accept(',')) break;
    }
    this.at = start;
    return { variables: [], assign: false };
  }

  private accept(symbol: string): boolean {
    const token = this.peek();
    if (token?.kind !== 'symbol' || token.text !== symbol) return false;
    this.at += 1;
    return true;
  }

  private parseCommand(): Command {
    const operands: Operand[] = [];
    for (;;) {
      const token = this.peek();
      if (!token || (token.kind === 'symbol' && token.text !== '(')) break;
      operands.push(this.parseOperand());
    }
    const [first, ...rest] = operands;
    if (!first) throw this.error('missing value for command');
    return { operands: [first, ...rest] };
  }

  private parseOperand(): Operand {
    const of = this.parseTerm(this.next()!);
    const fields: string[] = [];
    for (let token = this.peek(); token?.kind === 'field' && !token.spaced; token = this.peek()) {
      fields.push(this.next()!.text.slice(1));
    }
    if (fields.length === 0) return of;
    if (of.kind === 'literal' || of.kind === 'nil' || of.kind === 'function') {
      throw this.error(`unexpected ".${fields[0]}" after term`);
    }
    if (of.kind === 'chain') return { ...of, fields: [...of.fields, ...fields] };
    return { kind: 'chain', of, fields };
  }

  private parseTerm(token: Token): Operand {
    switch (token.kind) {
      case 'dot':
        return { kind: 'dot' };
      case 'field':
        return { kind: 'chain', of: { kind: 'dot' }, fields: [token.text.slice(1)] };
      case 'variable':
        return { kind: 'variable', name: token.text };
      case 'string':
        return { kind: 'literal', value: this.readString(token.text) };
      case 'number':
        return { kind: 'literal', value: Number(token.text.replaceAll('_', '')) };
      case 'word':
        return this.parseWord(token.text);
      case 'symbol': {
        const pipe = this.parsePipe();
        if (!this.accept(')')) throw this.error('unclosed left paren');
        return { kind: 'pipe', pipe };
      }
    }
  }

  private parseWord(word: string): Operand {
    if (word === 'true' || word === 'false') return { kind: 'literal', value: word === 'true' };
    if (word === 'nil') return { kind: 'nil' };
    if (!this.knows(word)) throw this.error(`function ${JSON.stringify(word)} not defined`);
    return { kind: 'function', name: word };
  }

  private readString(text: string): string | number {
    if (text.startsWith('`')) return text.slice(1, -1);
    const content = text
      .slice(1, -1)
      .replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)/gu, (_, code: string) => {
        if (/^[xu]./.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
        const plain = ownValue(escapes, code);
        if (plain === undefined) throw this.error(`unknown escape sequence \\${code} in ${text}`);
        return plain;
      });
    return text.startsWith("'") ? content.codePointAt(0)! : content;
  }
}

const escapes: Record<string, string> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};
