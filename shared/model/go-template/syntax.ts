// The tree of a parsed template: Go's text/template without define, template and block.

export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

export type Operand =
  | { readonly kind: 'dot' }
  | { readonly kind: 'nil' }
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'pipe'; readonly pipe: Pipe }
  /** `.A.B`, `$x.A`, `(pipe).A` */
  | { readonly kind: 'chain'; readonly of: Operand; readonly fields: readonly string[] };

export interface Command {
  readonly operands: readonly [Operand, ...Operand[]];
}

export interface Pipe {
  readonly variables: readonly string[];
  /** `=` rather than `:=` */
  readonly assign: boolean;
  readonly commands: readonly Command[];
}

export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly pipe: Pipe }
  | {
      readonly kind: 'if' | 'with' | 'range';
      readonly pipe: Pipe;
      readonly body: readonly TemplateNode[];
      readonly otherwise: readonly TemplateNode[];
    }
  | { readonly kind: 'break' | 'continue' };
