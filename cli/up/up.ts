// A whole cluster in one process, for one machine: nats-server (unless given one), every reducer in as many copies
// as wanted, the API, and the nodes.

import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { NodeRemovedError } from '@muster/agent';
import type { BackendKind } from '@muster/backends';
import { WIRE_VERSION } from '@muster/events';
import type { Logger } from '@muster/runtime';
import { createTelemetry, type ListenAddress } from '@muster/telemetry';
import { type ClusterConnection, connectCluster } from '../roles/cluster-connection.ts';
import { type Running, startControlPlane } from '../roles/control-plane.ts';
import type { Stoppable } from '../roles/keep-running.ts';
import { controlRoles } from '../roles/start-role.ts';
import { VERSION } from '../roles/version.ts';
import { keepAgent } from './kept-agent.ts';
import { type LocalAgent, nameLocalNode } from './local-agents.ts';
import { type LocalNetwork, makeLocalNetwork } from './local-network.ts';
import type { NetworkFlags } from './network-settings.ts';
import { type OwnServer, startOwnServer } from './own-server.ts';
import { startSimulatedAgents } from './simulated-agents.ts';

export interface UpOptions extends NetworkFlags {
  readonly nodes: number;
  readonly backend: BackendKind;
  readonly copies: number;
  readonly dir: string;
  readonly clusterName: string;
  /** An existing server; one is started when left out. */
  readonly nats?: string | undefined;
  /** Of the server that is started: where every command looks for it when left out, or any port when that is taken. */
  readonly natsPort?: number | undefined;
  readonly heartbeatMs: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly logger: Logger;
  /** Of the connections to NATS, where the end of a trouble is to be said as well as its beginning. */
  readonly connectionLogger?: Logger;
  /** Where to listen for Prometheus and for probes, if anywhere. */
  readonly metrics?: ListenAddress | undefined;
  readonly onStep: (step: string) => void;
  readonly onFailure: (error: Error) => void;
  /** Aborted when it is not wanted any more, ready or not. */
  readonly signal: AbortSignal;
}

export interface UpCluster {
  readonly url: string;
  readonly agents: readonly LocalAgent[];
  /** Stops everything of ours; tasks stay where the backend keeps them, unless they are to be removed as well. */
  stop(options: { readonly removeTasks: boolean }): Promise<void>;
}

/** A start that takes longer says what it waits for. */
const PATIENCE_MS = 3000;

/** Throws when it is aborted before it is ready, after stopping what runs. */
export async function up(options: UpOptions): Promise<UpCluster> {
  const { onStep, logger, connectionLogger = logger, heartbeatMs, onFailure } = options;
  const dir = resolve(options.dir);
  await mkdir(dir, { recursive: true });
  const telemetry = createTelemetry(VERSION);
  let server: OwnServer | undefined;
  const connections: ClusterConnection[] = [];
  const running: Running[] = [];
  const agents: (() => LocalAgent)[] = [];
  const kept: Stoppable[] = [];
  let localNetwork: LocalNetwork | undefined;
  const current = () => agents.map((agent) => agent());

  async function stop({ removeTasks }: { readonly removeTasks: boolean }): Promise<void> {
    // Agents first let go of their tasks, so that no reducer replaces what is being removed.
    await Promise.all(current().map(({ agent }) => agent.stop()));
    await Promise.all(running.map((copy) => copy.stop()));
    if (removeTasks) await Promise.all(current().map((agent) => agent.removeTasks()));
    await Promise.all(kept.map((agent) => agent.stop()));
    if (removeTasks) await localNetwork?.removeAll();
    await telemetry.stop();
    await Promise.all(connections.map((connection) => connection.close()));
    await server?.stop();
  }

  async function startNodes(url: string): Promise<void> {
    const { nodes: count, backend, clusterName, labels, signal } = options;
    const shared = { clusterName, labels, heartbeatMs, logger, telemetry };
    const hostnameOf = (index: number) => nameLocalNode(index, count);
    const connect = async (name: string) => {
      const cluster = await connectCluster({
        url,
        name: `muster-agent-${name}`,
        clusterName,
        logger: connectionLogger,
        signal,
      });
      connections.push(cluster);
      return cluster;
    };
    if (backend === 'simulator' && count > 0) {
      const cluster = await connect('simulator');
      const nodesDir = join(dir, 'nodes', 'simulated');
      const simulated = { ...shared, cluster, dir: nodesDir, count, hostnameOf, signal };
      for (const agent of await startSimulatedAgents(simulated)) {
        agents.push(() => agent);
        kept.push(agent);
        agent.agent.ended.then((error) => error && sayEnd('a simulated node', error), onFailure);
      }
      return;
    }
    if (backend === 'docker')
      localNetwork = await makeNetwork(Array.from({ length: count }, (_, index) => hostnameOf(index)));
    for (let index = 0; index < count; index += 1) {
      const hostname = hostnameOf(index);
      const cluster = await connect(hostname);
      const nodeDir = join(dir, 'nodes', hostname);
      const networkFlags = localNetwork?.flagsOf(index);
      const agent = await keepAgent(
        { ...shared, ...networkFlags, cluster, backend, dir: nodeDir, hostname },
        (error) => {
          if (error instanceof NodeRemovedError) forgetNode(index, hostname, error);
          else sayEnd(`${hostname} is started again when it can be, as its agent`, error);
        },
      );
      agents.push(() => agent.current);
      kept.push(agent);
    }
  }

  function makeNetwork(nodes: readonly string[]): Promise<LocalNetwork> {
    const { networks, dataPathAddr } = options;
    return makeLocalNetwork({
      clusterId: running[0]!.follower.state.cluster?.id,
      dir,
      nodesDir: join(dir, 'nodes'),
      nodes,
      networks,
      dataPathAddr,
      onStep,
    });
  }

  function forgetNode(index: number, hostname: string, error: Error): void {
    sayEnd(hostname, error);
    localNetwork?.remove(index).catch(onFailure);
  }

  function sayEnd(what: string, { message }: Error): void {
    onStep(`${what} has ended: ${message}`);
  }

  try {
    if (options.metrics) onStep(`metrics are at ${await telemetry.listen(options.metrics)}/metrics`);
    if (options.nats === undefined) {
      server = await startOwnServer({ dir: join(dir, 'nats'), port: options.natsPort, onStep });
      onStep(`nats-server listens on ${server.url}`);
    }
    const url = options.nats ?? server!.url;
    for (let copy = 1; copy <= options.copies; copy += 1) {
      const cluster = await connectCluster({
        url,
        name: `muster-control-${copy}`,
        clusterName: options.clusterName,
        logger: connectionLogger,
        signal: options.signal,
      });
      connections.push(cluster);
      if (copy === 1) telemetry.answerOn(cluster.bus);
      running.push(
        await startControlPlane({
          cluster,
          roles: controlRoles,
          copy: String(copy),
          logger,
          telemetry,
          heartbeatMs,
          signal: options.signal,
          onFailure,
        }),
      );
    }
    onStep(
      `${controlRoles.join(', ')} run in ${options.copies === 1 ? 'one copy' : `${options.copies} copies`} each`,
    );
    await startNodes(url);
    await waitForNodes(running[0]!, current, options);
    await waitForVersion(running[0]!, options.signal);
    telemetry.noteStarted();
    onStep(`${agents.length} ${agents.length === 1 ? 'node is' : 'nodes are'} ready (${options.backend})`);
    return {
      url,
      get agents() {
        return current();
      },
      stop,
    };
  } catch (error) {
    await stop({ removeTasks: false }).catch(() => undefined);
    throw error;
  }
}

/** A new cluster is at once of use for all that this build can. Nobody waits for long where older builds hold it back. */
function waitForVersion(running: Running, signal: AbortSignal): Promise<void> {
  const isRaised = () => running.follower.state.wireVersion >= WIRE_VERSION;
  return waitUntil(running, isRaised, signal, () => 'enough');
}

function waitForNodes(
  running: Running,
  agents: () => readonly LocalAgent[],
  { signal, onStep }: UpOptions,
): Promise<void> {
  const isReady = ({ agent, session }: LocalAgent) => {
    const node = running.follower.state.nodes.get(agent.nodeId);
    return node?.session === session && node.status === 'ready';
  };
  const missing = () => agents().filter((agent) => !isReady(agent)).length;
  return waitUntil(
    running,
    () => missing() === 0,
    signal,
    () => {
      onStep(`waiting for ${missing()} of ${agents().length} nodes`);
      return 'more';
    },
  );
}

/** `onImpatient` is asked when it takes longer. Rejects when it is aborted. */
function waitUntil(
  { follower }: Running,
  isSo: () => boolean,
  signal: AbortSignal,
  onImpatient: () => 'more' | 'enough',
): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(impatience);
      unsubscribe();
      signal.removeEventListener('abort', look);
      if (signal.aborted) reject(signal.reason);
      else resolve();
    };
    const look = () => {
      if (signal.aborted || isSo()) end();
    };
    const impatience = setTimeout(() => {
      if (onImpatient() === 'enough') end();
    }, PATIENCE_MS);
    const unsubscribe = follower.onTurn(look);
    signal.addEventListener('abort', look);
    look();
  });
}
