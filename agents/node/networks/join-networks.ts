// What the agent has of its node's networks: nothing at all where the node has no part in any.
import type { Backend } from '@muster/backends';
import type { NodeDescription } from '@muster/model';
import { whatIsMissing } from '@muster/network';
import type { AgentOptions } from '../agent-options.ts';
import { describeError } from '../tasks/patience.ts';
import type { TaskEntry } from '../tasks/task-entry.ts';
import type { TaskRunnerOptions } from '../tasks/task-runner.ts';
import { createNetworks, type Networks } from './networks.ts';

type Described = Omit<NodeDescription, 'labels'>;

export interface NetworksOfAgent extends Pick<Networks, 'begin' | 'look' | 'remove'> {
  /** Adds what the node can do, where machine and engine can. */
  describe(description: Described): Promise<Described>;
  /** The backend, with the same added. */
  readonly described: Pick<Backend, 'describe'>;
  /** For the runner of tasks. */
  readonly hooks: Pick<TaskRunnerOptions, 'attach' | 'onReached'>;
}

export interface JoinNetworksOptions {
  readonly options: AgentOptions;
  readonly entries: ReadonlyMap<string, TaskEntry>;
  readonly signal: AbortSignal;
  /** What the node says of itself is to be told again. */
  readonly onChange: (description: Described) => void;
}

const OVERLAY = 'overlay';

const none = {
  begin: () => undefined,
  look: () => undefined,
  remove: async () => undefined,
  describe: async (description: Described) => description,
  hooks: {},
};

export function joinNetworks({ options, entries, signal, onChange }: JoinNetworksOptions): NetworksOfAgent {
  const { backend, networks: settings, nodeId, bus, clock, logger } = options;
  const { sandboxes } = backend;
  if (settings === undefined || sandboxes === undefined) return { ...none, described: backend };
  const networks = createNetworks({
    ...{ nodeId, settings, sandboxes, entries, bus, clock, logger, signal },
    onTakenPorts: () => known !== undefined && onChange(known),
  });
  /** As the engine has it. */
  let known: Described | undefined;
  const { underlay } = settings;
  let isAble = false;

  async function explain(): Promise<string | undefined> {
    const missing = await whatIsMissing();
    if (missing.length > 0) return missing.map(({ sentence }) => sentence).join('; ');
    return await sandboxes!.whyNot();
  }

  async function describe(description: Described): Promise<Described> {
    known = description;
    const reason = isAble ? undefined : await explain().catch(describeError);
    isAble = reason === undefined;
    if (reason !== undefined) {
      logger.warn({ err: reason }, 'the node has no part in networks');
      return description;
    }
    const drivers = new Set([...(description.networks ?? []), OVERLAY]);
    const { takenPorts } = networks;
    return {
      ...description,
      addr: underlay,
      networks: [...drivers],
      ...(takenPorts.length > 0 && { takenPorts: [...takenPorts] }),
    };
  }

  return {
    begin: networks.begin,
    look: networks.look,
    remove: networks.remove,
    describe,
    described: { describe: async () => describe(await backend.describe()) },
    hooks: {
      attach: networks.attach,
      onReached: networks.look,
    },
  };
}
