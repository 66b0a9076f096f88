// The options that Docker's lists have in common.
import type { Command } from 'commander';
import { repeatable } from '../../flags/service-options.ts';

export interface ListFlags {
  readonly format?: string;
  readonly quiet?: boolean;
  readonly filter?: readonly string[];
  readonly trunc?: boolean;
}

export function addListOptions(command: Command, filters: readonly string[]): Command {
  return command
    .addOption(repeatable('-f, --filter <key=value>', `filter by ${filters.join(', ')} (repeatable)`, String))
    .option('--format <format>', 'table, json, or a Go template ("table {{.Name}}" for columns)')
    .option('-q, --quiet', 'only show IDs');
}

export function addNoTrunc(command: Command): Command {
  return command.option('--no-trunc', "don't cut anything");
}
