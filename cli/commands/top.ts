import type { Command } from 'commander';
import { addExamples, withCluster } from './context.ts';

interface TopFlags {
  readonly stream: boolean;
  readonly nodes?: boolean;
  readonly format: string;
}

export function addTopCommand(program: Command): void {
  const command = program
    .command('top')
    .summary('Show what every copy of every role is doing')
    .description(
      'Show every copy of every role, refreshed each second: how far it is, what it decides, what waits, what it costs. All copies are asked over NATS, on whatever machine they are.',
    )
    .option('--nodes', 'the agents of all nodes as well')
    .option('--no-stream', 'look once, for a second')
    .option('--format <format>', 'table, json, or a Go template ("table {{.Role}}" for columns)', 'table');
  addExamples(
    command,
    'muster top',
    'muster top --nodes',
    'muster top --no-stream --format json',
    "muster top --no-stream --format 'table {{.Role}}\\t{{.PID}}\\t{{.Lag}}\\t{{.CPUPerc}}'",
  );
  command.action(async ({ stream, nodes = false, format }: TopFlags) => {
    await withCluster(command, async (context) => {
      const { showTop } = await import('../top/show-top.ts');
      await showTop(context, { stream, nodes, format });
    });
  });
}
