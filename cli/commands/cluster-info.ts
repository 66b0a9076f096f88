import type { Command } from 'commander';
import { addExamples, withCluster } from './context.ts';

export function addInfoCommand(program: Command): void {
  const command = program
    .command('info')
    .summary('Show the cluster in numbers')
    .description('Show the cluster in numbers: whose it is, its log, services, tasks and nodes.')
    .option('-f, --format <format>', 'json, or a Go template');
  addExamples(command, 'muster info', "muster info --format '{{.Cluster.Services}}'");
  command.action(async ({ format }: { format?: string }) => {
    await withCluster(command, async ({ connection, queries, terminal }) => {
      const { printSections } = await import('../output/sections.ts');
      const { answer } = await queries.ask('status', {});
      const { cluster, head, wireVersion, services, tasks, nodes, openIntents } = answer;
      const Cluster = {
        Name: cluster?.name ?? '',
        ID: cluster?.id ?? '',
        Records: head,
        WireVersion: wireVersion,
        Services: services,
        Tasks: listCounts(tasks),
        Nodes: listCounts(nodes),
        OpenIntents: openIntents,
      };
      const NATS = { Server: connection.getServer(), Version: connection.info?.version ?? '' };
      terminal.write(printSections({ Cluster, NATS }, format));
    });
  });
}

function listCounts(counts: Readonly<Record<string, number | undefined>>): string {
  const listed = Object.entries(counts).flatMap(([state, count]) => (count ? [`${count} ${state}`] : []));
  return listed.join(', ') || '0';
}
