// What `service ps` and `node ps` have in common.
import type { TaskView } from '@muster/api';
import { CliError } from '../../errors.ts';
import { filterItems } from '../../output/filters.ts';
import { printTeamList } from '../../output/team-list.ts';
import type { Context } from '../context.ts';
import type { ListFlags } from './list-options.ts';

export interface TaskListFlags extends ListFlags {
  readonly resolve?: boolean;
}

/** Lists what is found; says what isn't, and fails at the end. */
export async function printTasks(
  { terminal }: Context,
  names: readonly string[],
  { format, quiet, filter = [], trunc, resolve }: TaskListFlags,
  tasksOf: (name: string) => Promise<readonly TaskView[]>,
): Promise<void> {
  const { showTasks, taskColumns, taskFilters } = await import('../../output/task-list.ts');
  const tasks: TaskView[] = [];
  const missing: string[] = [];
  for (const name of names) {
    try {
      for (const task of await tasksOf(name)) tasks.push(task);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'QueryRefusedError') throw error;
      missing.push(error.message);
    }
  }
  const noTrunc = trunc === false;
  const items = showTasks(filterItems(tasks, filter, taskFilters), {
    now: Date.now(),
    noTrunc,
    noResolve: resolve === false,
  });
  const width = noTrunc ? undefined : terminal.width;
  if (missing.length < names.length)
    terminal.write(printTeamList(items, taskColumns, { format, quiet, width }));
  if (missing.length > 0) throw new CliError(missing.join('\nError: '));
}
