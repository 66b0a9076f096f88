// `muster task`: one task, in full.
import type { Command } from 'commander';
import { addExamples, withCluster } from '../context.ts';
import { inspectObjects } from './inspect-objects.ts';

export function addTaskCommand(program: Command): void {
  const task = program.command('task').summary('Look at tasks').description('Look at tasks.');
  const command = task
    .command('inspect')
    .summary('Show everything about one or several tasks')
    .description('Show everything about one or several tasks.')
    .usage('[OPTIONS] TASK [TASK...]')
    .argument('<task...>', 'IDs, or names such as web.1')
    .option('-f, --format <format>', 'json, or a Go template');
  addExamples(
    command,
    'muster task inspect web.1',
    "muster task inspect --format '{{.Status.State}} {{.Status.ContainerStatus.ExitCode}}' q1w2e3r4t5y6",
  );
  command.action(async (names: string[], { format }: { format?: string }) => {
    await withCluster(command, async (context) => {
      const { toDockerTask } = await import('../../output/docker-json.ts');
      const find = async (name: string) =>
        (await context.queries.ask('task.inspect', { task: name, team: context.team })).answer;
      await inspectObjects(context, names, find, { format, toObject: toDockerTask });
    });
  });
}
