import { type Command, Option } from 'commander';
import { CliError } from '../../errors.ts';
import { refuseFlags } from '../../flags/unsupported.ts';
import { addExamples, type Context, withCluster } from '../context.ts';
import { inspectObjects } from './inspect-objects.ts';

const types = ['service', 'node', 'network', 'task'] as const;
type Type = (typeof types)[number];

export function addInspectCommand(program: Command): void {
  const command = program
    .command('inspect')
    .summary('Show everything about services, nodes, networks and tasks')
    .description('Show everything about services, nodes, networks and tasks, whichever has the name or ID.')
    .usage('[OPTIONS] NAME|ID [NAME|ID...]')
    .argument('<name...>', 'names or IDs')
    .option('-f, --format <format>', 'json, or a Go template')
    .addOption(new Option('--type <type>', 'only what is of this type').choices(types));
  refuseFlags(command, ['size']);
  addExamples(
    command,
    'muster inspect web',
    'muster inspect web.1 node1',
    'muster inspect --type node node1',
  );
  command.action(async (names: string[], { format, type }: { format?: string; type?: Type }) => {
    await withCluster(command, async (context) => {
      const find = (name: string) => findAny(context, name, type === undefined ? types : [type]);
      await inspectObjects(context, names, find, { format, toObject: (found) => found });
    });
  });
}

/** As Docker: the first type that has it. */
async function findAny(context: Context, name: string, among: readonly Type[]): Promise<object> {
  for (const type of among) {
    try {
      return await find(context, name, type);
    } catch (error) {
      if (!(error instanceof Error && 'kind' in error && error.kind === 'not-found')) throw error;
    }
  }
  throw new CliError(`no such ${among.length > 1 ? 'object' : among[0]}: ${name}`);
}

async function find({ queries, team }: Context, name: string, type: Type): Promise<object> {
  const { toDockerNode, toDockerService, toDockerTask } = await import('../../output/docker-json.ts');
  switch (type) {
    case 'service':
      return toDockerService((await queries.ask('service.inspect', { service: name, team })).answer);
    case 'node':
      return toDockerNode((await queries.ask('node.inspect', { node: name })).answer);
    case 'network': {
      const { toDockerNetwork } = await import('../../output/docker-network.ts');
      return toDockerNetwork((await queries.ask('network.inspect', { network: name, team })).answer);
    }
    case 'task':
      return toDockerTask((await queries.ask('task.inspect', { task: name, team })).answer);
  }
}
