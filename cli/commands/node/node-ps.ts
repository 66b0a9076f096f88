import type { Command } from 'commander';
import { addExamples, withCluster } from '../context.ts';
import { addListOptions, addNoTrunc } from '../object/list-options.ts';
import { printTasks, type TaskListFlags } from '../object/task-lists.ts';

export function addNodePs(node: Command): void {
  const command = node
    .command('ps')
    .summary('List the tasks on one or several nodes')
    .description('List the tasks on one or several nodes.')
    .usage('[OPTIONS] NODE [NODE...]')
    .argument('<node...>', 'hostnames or IDs')
    .option('--no-resolve', 'IDs instead of names');
  addNoTrunc(addListOptions(command, ['id', 'name', 'node', 'desired-state']));
  addExamples(command, 'muster node ps node1', 'muster node ps --filter desired-state=running node1 node2');
  command.action(async (names: string[], flags: TaskListFlags) => {
    await withCluster(command, async (context) => {
      await printTasks(context, names, flags, (node) => context.queries.list('node.tasks', { node }));
    });
  });
}
