import type { Command } from 'commander';
import { readGlobals } from '../globals.ts';
import { VERSION } from '../roles/version.ts';
import { addExamples, type Context, terminalFor, withCluster } from './context.ts';

export function addVersionCommand(program: Command): void {
  const command = program
    .command('version')
    .summary('Show the versions of this program and of the cluster')
    .description(
      'Show the versions of this program and of the cluster: what its copies are, how they fold the log, and what may be written to it.',
    )
    .option('-f, --format <format>', 'json, or a Go template');
  addExamples(command, 'muster version', "muster version --format '{{.Server.WireVersion}}'");
  command.action(async ({ format }: { format?: string }) => {
    const { FOLD_VERSION } = await import('@muster/state');
    const { WIRE_VERSION } = await import('@muster/events');
    const { printSections } = await import('../output/sections.ts');
    const Client = {
      Version: VERSION,
      FoldVersion: FOLD_VERSION,
      WireVersion: WIRE_VERSION,
      Node: process.version,
    };
    const { write } = terminalFor(readGlobals(command));
    let failure: unknown;
    let found: Awaited<ReturnType<typeof describeServer>> | undefined;
    try {
      await withCluster(command, async (context) => {
        found = await describeServer(context);
      });
    } catch (error) {
      failure = error;
    }
    // What is known of this program is told even when nobody else answers.
    if (found || format === undefined)
      write(printSections({ Client, ...(found && { Server: found }) }, format));
    if (failure !== undefined) throw failure;
  });
}

const DISCOVERY_MS = 300;

async function describeServer({ connection, queries }: Context) {
  const { discoverCopies } = await import('@muster/runtime');
  const { answer } = await queries.ask('status', {});
  const copies = await discoverCopies(connection, DISCOVERY_MS);
  const versions = copies.filter(({ name }) => name.startsWith('muster-')).map(({ version }) => version);
  return {
    Version: [...new Set(versions)].sort().join(', '),
    FoldVersion: answer.foldVersion,
    WireVersion: answer.wireVersion,
    Cluster: answer.cluster?.name ?? '',
    ClusterID: answer.cluster?.id ?? '',
    NATS: `nats-server ${connection.info?.version} at ${connection.getServer()}`,
  };
}
