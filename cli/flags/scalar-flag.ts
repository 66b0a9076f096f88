// A flag with one value, and its place in the spec.
import { Option } from 'commander';
import type { Parse } from './values.ts';

export interface ScalarFlag {
  /** As commander declares it. */
  readonly flags: string;
  /** What commander calls its value. */
  readonly attribute: string;
  readonly description: string;
  readonly path: readonly string[];
  readonly parse: Parse<unknown>;
  /** The words it takes, when they are few. */
  readonly choices?: readonly string[];
}

export function scalar(
  flags: string,
  description: string,
  path: readonly string[],
  parse: Parse<unknown>,
  choices?: readonly string[],
): ScalarFlag {
  const attribute = new Option(flags).attributeName();
  return { flags, attribute, description, path, parse, ...(choices && { choices }) };
}
