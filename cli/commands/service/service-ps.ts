import type { Command } from 'commander';
import { addExamples, withCluster } from '../context.ts';
import { addListOptions, addNoTrunc } from '../object/list-options.ts';
import { printTasks, type TaskListFlags } from '../object/task-lists.ts';

export function addServicePs(service: Command): void {
  const command = service
    .command('ps')
    .summary('List the tasks of one or several services')
    .description('List the tasks of one or several services, with the history of each slot.')
    .usage('[OPTIONS] SERVICE [SERVICE...]')
    .argument('<service...>', 'names or IDs')
    .option('--no-resolve', 'IDs instead of names');
  addNoTrunc(addListOptions(command, ['id', 'name', 'node', 'desired-state']));
  addExamples(
    command,
    'muster service ps web',
    'muster service ps --no-trunc --filter desired-state=running web api',
    'muster service ps --team payments web',
    "muster service ps --format '{{.Name}} {{.Node}} {{.CurrentState}}' web",
  );
  command.action(async (names: string[], flags: TaskListFlags) => {
    await withCluster(command, async (context) => {
      await printTasks(context, names, flags, (service) =>
        context.queries.list('service.tasks', { service, team: context.team }),
      );
    });
  });
}
