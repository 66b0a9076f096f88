// `muster orchestrator`, `muster agent` and the rest: one role, one process, until told to stop. Any number of copies
// may run, anywhere that reaches NATS.

import { homedir } from 'node:os';
import { join } from 'node:path';
import { NodeRemovedError } from '@muster/agent';
import { type BackendKind, backendKinds } from '@muster/backends';
import { LADDER_BYTES } from '@muster/log';
import { parseMemory } from '@muster/model';
import { createLogger, SNAPSHOT_EVERY } from '@muster/runtime';
import { createTelemetry, type ListenAddress } from '@muster/telemetry';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { usageError } from '../errors.ts';
import { type LocalAgent, type LocalAgentOptions, startLocalAgent } from '../up/local-agents.ts';
import { startSimulatedAgents } from '../up/simulated-agents.ts';
import { connectCluster } from './cluster-connection.ts';
import { startControlPlane } from './control-plane.ts';
import { metricsOption } from './metrics-option.ts';
import { dataPathOption, noNetworksOption } from './network-options.ts';
import { runUntilStopped } from './run-until-stopped.ts';
import { type ControlRole, controlRoles } from './start-role.ts';
import { VERSION } from './version.ts';

const summaries: Record<ControlRole, string> = {
  orchestrator: 'Admit intents and keep services as described',
  allocator: 'Allocate published ports',
  scheduler: 'Give tasks to nodes',
  dispatcher: 'Tell agents what to do and watch their heartbeats',
  api: 'Answer queries from folded state',
};

export function addRoleCommands(program: Command): void {
  for (const role of controlRoles) addControlCommand(program, role);
  addAgentCommand(program);
}

function addControlCommand(program: Command, role: ControlRole): void {
  const roleCommand = program
    .command(role)
    .summary(summaries[role])
    .description(`${summaries[role]}. One copy, in the foreground; start as many as you like, anywhere.`)
    .addOption(heartbeatOption())
    .addOption(replicasOption())
    .option('--cluster <name>', 'the name of the cluster, when its log is made', 'muster')
    .addOption(metricsOption())
    .addHelpText(
      'after',
      `\nExamples:\n  muster ${role} --nats nats://10.0.0.1:4222\n  MUSTER_NATS=nats://10.0.0.1:4222 muster ${role} --metrics 9600`,
    )
    .action(async (_options, command: Command) => {
      const {
        nats,
        heartbeat,
        streamReplicas,
        cluster: clusterName,
        snapshotEvery,
        snapshotBytes,
        metrics,
      } = command.optsWithGlobals<{
        nats: string;
        cluster: string;
        heartbeat: number;
        streamReplicas: number;
        snapshotEvery?: number;
        snapshotBytes?: number;
        metrics?: ListenAddress;
      }>();
      const copy = `${role}-${process.pid}`;
      const logger = createLogger({ role, copy });
      await runUntilStopped(async (fail, signal) => {
        const telemetry = createTelemetry(VERSION);
        if (metrics) logger.info({ url: await telemetry.listen(metrics) }, 'metrics');
        const cluster = await orEnd(
          () => telemetry.stop(),
          connectCluster({
            url: nats,
            name: `muster-${copy}`,
            replicas: streamReplicas,
            clusterName,
            snapshotBytes,
            logger,
            signal,
          }),
        );
        const end = () => Promise.all([telemetry.stop(), cluster.close()]);
        telemetry.answerOn(cluster.bus);
        const running = await orEnd(
          end,
          startControlPlane({
            cluster,
            roles: [role],
            copy,
            logger,
            telemetry,
            heartbeatMs: heartbeat,
            snapshotEvery,
            signal,
            onFailure: fail,
          }),
        );
        telemetry.noteStarted();
        logger.info({ head: running.follower.state.head }, 'ready');
        return async () => {
          await running.stop();
          await telemetry.stop();
          await cluster.close();
        };
      }, logger);
    });
  if (role === 'orchestrator') roleCommand.addOption(snapshotOption()).addOption(snapshotBytesOption());
}

function addAgentCommand(program: Command): void {
  program
    .command('agent')
    .summary('Run this machine as a node')
    .description(
      'Run this machine as a node: join, run the tasks given to it, report. Stopping the agent leaves its tasks running.',
    )
    .addOption(new Option('--backend <kind>', 'what runs the tasks').choices(backendKinds).default('docker'))
    .option('--dir <dir>', "where the node's identity is kept", join(homedir(), '.muster', 'agent'))
    .option('--hostname <name>', "the node's name, when it is not the machine's")
    .addOption(countOption())
    .option('--cluster <name>', 'the cluster its containers are labelled with', 'muster')
    .option('--label <key=value>', 'a node label; may be repeated', collectLabel, {})
    .addOption(dataPathOption())
    .addOption(noNetworksOption())
    .addOption(heartbeatOption())
    .addOption(metricsOption())
    .addHelpText(
      'after',
      '\nExamples:\n  muster agent --label zone=a\n  muster agent --backend process --dir /var/lib/muster --metrics 9600\n  muster agent --backend simulator --count 5000   (simulated nodes, for rehearsals and load tests)',
    )
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<AgentFlags>();
      if (options.count !== undefined && options.backend !== 'simulator') {
        throw usageError('--count is for simulated nodes: it needs --backend simulator');
      }
      const logger = createLogger({ role: 'agent' });
      await runUntilStopped(async (fail, signal) => {
        const telemetry = createTelemetry(VERSION);
        if (options.metrics) logger.info({ url: await telemetry.listen(options.metrics) }, 'metrics');
        const cluster = await orEnd(
          () => telemetry.stop(),
          connectCluster({
            url: options.nats,
            name: `muster-agent-${process.pid}`,
            clusterName: options.cluster,
            logger,
            signal,
          }),
        );
        const end = () => Promise.all([telemetry.stop(), cluster.close()]);
        telemetry.answerOn(cluster.bus);
        const shared = {
          cluster,
          clusterName: options.cluster,
          dir: options.dir,
          labels: options.label,
          heartbeatMs: options.heartbeat,
          logger,
          telemetry,
          networks: options.networks,
          dataPathAddr: options.dataPathAddr,
        };
        if (options.count !== undefined) {
          const agents = await orEnd(end, runSimulated(shared, options, options.count, signal));
          for (const { agent } of agents) agent.ended.then(failUnlessRemoved(fail), fail);
          telemetry.noteStarted();
          logger.info({ nodes: agents.length }, 'ready');
          return async () => {
            await Promise.all(agents.map((agent) => agent.stop()));
            await telemetry.stop();
            await cluster.close();
          };
        }
        const agentOptions: LocalAgentOptions = {
          ...shared,
          backend: options.backend,
          ...(options.hostname !== undefined && { hostname: options.hostname }),
        };
        const running = await orEnd(end, startLocalAgent(agentOptions));
        const { nodeId, ready, ended } = running.agent;
        telemetry.noteStarted();
        // Its engine may take its time, and whoever waits for that may still stop it.
        ready.then(
          () => logger.info({ node: nodeId }, 'ready'),
          () => undefined,
        );
        ended.then(failUnlessRemoved(fail), fail);
        return async () => {
          await running.stop();
          await telemetry.stop();
          await cluster.close();
        };
      }, logger);
    });
}

/**
 * A process that ended would be started again by whatever keeps it, and its node would come back by itself. It stays, does
 * nothing, and says so.
 */
function failUnlessRemoved(fail: (error: Error) => void): (error: Error | undefined) => void {
  return (error) => {
    if (error && !(error instanceof NodeRemovedError)) fail(error);
  };
}

/** All of them have the hostname, and a number behind it. */
function runSimulated(
  shared: Omit<LocalAgentOptions, 'backend' | 'hostname'>,
  { hostname = 'node' }: AgentFlags,
  count: number,
  signal: AbortSignal,
): Promise<readonly LocalAgent[]> {
  // Each of them would tell of its start.
  const logger = createLogger({ role: 'agent' }, 'warn');
  return startSimulatedAgents({
    ...shared,
    logger,
    count,
    signal,
    hostnameOf: (index) => `${hostname}${index + 1}`,
  });
}

/** What doesn't start leaves nothing open: the process ends. */
async function orEnd<T>(end: () => Promise<unknown>, starting: Promise<T>): Promise<T> {
  try {
    return await starting;
  } catch (error) {
    await end();
    throw error;
  }
}

interface AgentFlags {
  readonly nats: string;
  readonly backend: BackendKind;
  readonly dir: string;
  readonly hostname?: string;
  readonly count?: number;
  readonly cluster: string;
  readonly label: Record<string, string>;
  readonly heartbeat: number;
  readonly metrics?: ListenAddress;
  readonly networks: boolean;
  readonly dataPathAddr?: string;
}

function countOption(): Option {
  return new Option(
    '--count <n>',
    'simulated nodes to run in this process; only with --backend simulator',
  ).argParser((text) => {
    const count = Number(text);
    if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('a whole number, at least 1');
    return count;
  });
}

export function heartbeatOption(): Option {
  return new Option(
    '--heartbeat <ms>',
    'period of heartbeats in milliseconds; the same for dispatchers and agents',
  )
    .env('MUSTER_HEARTBEAT_MS')
    .default(5000)
    .argParser((text) => {
      const ms = Number(text);
      if (!Number.isInteger(ms) || ms < 100) throw new InvalidArgumentError('at least 100 milliseconds');
      return ms;
    });
}

function replicasOption(): Option {
  return new Option('--stream-replicas <n>', 'servers that keep each stream, when the streams are made')
    .env('MUSTER_STREAM_REPLICAS')
    .default(1)
    .argParser((text) => {
      const replicas = Number(text);
      if (![1, 3, 5].includes(replicas)) throw new InvalidArgumentError('1, 3 or 5');
      return replicas;
    });
}

function snapshotOption(): Option {
  return new Option('--snapshot-every <n>', 'records of the log from one snapshot to the next')
    .env('MUSTER_SNAPSHOT_EVERY')
    .default(SNAPSHOT_EVERY)
    .argParser((text) => {
      const every = Number(text);
      if (!Number.isInteger(every) || every < 1) throw new InvalidArgumentError('a whole number, at least 1');
      return every;
    });
}

function snapshotBytesOption(): Option {
  return new Option('--snapshot-bytes <n>', 'room for all snapshots: what is too much is thinned out')
    .env('MUSTER_SNAPSHOT_BYTES')
    .default(LADDER_BYTES, '1g')
    .argParser((text) => {
      const bytes = parseMemory(text);
      if (!bytes) throw new InvalidArgumentError('an amount of memory, such as 512m or 2g');
      return bytes;
    });
}

export function collectLabel(text: string, labels: Record<string, string>): Record<string, string> {
  const at = text.indexOf('=');
  if (at === 0) throw new InvalidArgumentError('a label is written key=value');
  return { ...labels, [at < 0 ? text : text.slice(0, at)]: at < 0 ? '' : text.slice(at + 1) };
}
