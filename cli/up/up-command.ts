// `muster up`: a whole cluster in the foreground.

import { homedir } from 'node:os';
import { join } from 'node:path';
import { type BackendKind, backendKinds } from '@muster/backends';
import { createLogger } from '@muster/runtime';
import type { ListenAddress } from '@muster/telemetry';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { metricsOption } from '../roles/metrics-option.ts';
import { dataPathOption, noNetworksOption } from '../roles/network-options.ts';
import { collectLabel, heartbeatOption } from '../roles/role-command.ts';
import { runUntilStopped } from '../roles/run-until-stopped.ts';
import { up } from './up.ts';

interface UpFlags {
  readonly nodes: number;
  readonly backend: BackendKind;
  readonly copies: number;
  readonly dir: string;
  readonly natsPort?: number;
  readonly nats: string;
  readonly cluster: string;
  readonly label: Record<string, string>;
  readonly heartbeat: number;
  readonly rm?: boolean;
  readonly metrics?: ListenAddress;
  readonly networks: boolean;
  readonly dataPathAddr?: string;
}

export function addUpCommand(program: Command): void {
  program
    .command('up')
    .summary('Run a whole cluster on this machine')
    .description(
      'Run a whole cluster in this process, in the foreground: nats-server, every reducer, the API and the nodes. Its log is kept in the directory, and the next start goes on where this one ended. Stopping leaves the tasks running. Of several nodes, the first one has the network of this machine, with the ports that services publish; each other one has a network namespace and an address of its own, as a host has.',
    )
    .addOption(new Option('--nodes <n>', 'nodes to run').default(1).argParser(count(0)))
    .addOption(new Option('--backend <kind>', 'what runs the tasks').choices(backendKinds).default('docker'))
    .addOption(new Option('--copies <k>', 'copies of each reducer').default(1).argParser(count(1)))
    .option('--dir <dir>', 'where the log and the nodes are kept', join(homedir(), '.muster', 'up'))
    .addOption(
      new Option(
        '--nats-port <port>',
        'port of the nats-server that is started (default: 4222, or any when that is taken)',
      ).argParser(count(1)),
    )
    .option('--cluster <name>', 'the cluster that containers are labelled with', 'muster')
    .option('--label <key=value>', 'a label of every node; may be repeated', collectLabel, {})
    .addOption(dataPathOption())
    .addOption(noNetworksOption())
    .option('--rm', 'remove all tasks from the nodes at the end')
    .addOption(heartbeatOption())
    .addOption(metricsOption())
    .addHelpText(
      'after',
      '\nExamples:\n  muster up\n  muster up --nodes 3 --copies 2 --metrics 9600\n  muster up --nodes 1000 --backend simulator --nats-port 4300\n  muster up --nats nats://10.0.0.1:4222   (a server that runs already)',
    )
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<UpFlags>();
      // MUSTER_NATS says where a cluster is, not that this one should use it.
      const given = command.parent?.getOptionValueSource('nats') === 'cli';
      const logger = createLogger({ role: 'up' }, 'warn');
      const say = (step: string) => process.stdout.write(`${step}\n`);
      await runUntilStopped(async (fail, signal) => {
        const cluster = await up({
          ...flags,
          clusterName: flags.cluster,
          labels: flags.label,
          heartbeatMs: flags.heartbeat,
          logger,
          connectionLogger: createLogger({ role: 'up' }),
          onStep: say,
          onFailure: fail,
          signal,
          nats: given ? flags.nats : undefined,
        });
        say(`Ready. Use it with: export MUSTER_NATS=${cluster.url}`);
        return () => cluster.stop({ removeTasks: flags.rm === true });
      }, logger);
    });
}

function count(atLeast: number) {
  return (text: string) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < atLeast)
      throw new InvalidArgumentError(`a whole number, at least ${atLeast}`);
    return value;
  };
}
