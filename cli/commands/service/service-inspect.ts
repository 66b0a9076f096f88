import type { Command } from 'commander';
import { usageError } from '../../errors.ts';
import { addExamples, withCluster } from '../context.ts';
import { inspectObjects } from '../object/inspect-objects.ts';

export function addServiceInspect(service: Command): void {
  const command = service
    .command('inspect')
    .summary('Show everything about one or several services')
    .description('Show everything about one or several services.')
    .usage('[OPTIONS] SERVICE [SERVICE...]')
    .argument('<service...>', 'names or IDs')
    .option('-f, --format <format>', 'json, or a Go template')
    .option('--pretty', 'print for people');
  addExamples(
    command,
    'muster service inspect web',
    'muster service inspect --pretty web',
    "muster service inspect --format '{{.Spec.TaskTemplate.ContainerSpec.Image}}' web",
  );
  command.action(async (names: string[], { format, pretty }: { format?: string; pretty?: boolean }) => {
    if (pretty && format !== undefined) throw usageError('--format is incompatible with --pretty');
    await withCluster(command, async (context) => {
      const { toDockerService } = await import('../../output/docker-json.ts');
      const { printServicePretty } = await import('../../output/pretty-service.ts');
      await inspectObjects(
        context,
        names,
        async (name) =>
          (await context.queries.ask('service.inspect', { service: name, team: context.team })).answer,
        { format, toObject: toDockerService, ...(pretty && { pretty: printServicePretty }) },
      );
    });
  });
}
