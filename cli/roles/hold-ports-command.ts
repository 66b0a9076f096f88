// `muster hold-ports`: holds the published ports of a node, so that no other program of the machine takes one. Its agent starts
// it, and tells it which; it is a process of its own, and goes on without the agent.
import { holdPorts } from '@muster/network';
import type { Command } from 'commander';

export function addHoldPortsCommand(program: Command): void {
  program
    .command('hold-ports', { hidden: true })
    .summary('Hold the published ports of a node; its agent starts it')
    .description('Hold the published ports of a node, as its agent says at a socket. Its agent starts it.')
    .argument('<socket>', 'where it is told which')
    .action(async (socket: string) => holdPorts(socket));
}
