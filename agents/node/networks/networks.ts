// Puts this node's tasks on their networks. Level-triggered: whatever has changed, of tasks or of what the cluster says, the
// whole plan is made and applied, one at a time; what came meanwhile is in the next one. Containers' namespaces say by themselves
// what belongs in them, so who starts anew needs nobody for what runs already.
import { isDeepStrictEqual } from 'node:util';
import type { Sandbox, Sandboxes } from '@muster/backends';
import type { NetworkAnswer, NetworkRequest } from '@muster/events';
import type { EndpointStore } from '@muster/log';
import { type Report, Router } from '@muster/network';
import type { Bus, Clock, Logger, Timer } from '@muster/runtime';
import {
  type EndpointsChange,
  type EndpointsListening,
  listenToEndpoints,
} from '../endpoints/listen-to-endpoints.ts';
import { hasEnded } from '../tasks/next-step.ts';
import { backOff, describeError, retry, StoppedError } from '../tasks/patience.ts';
import type { TaskEntry } from '../tasks/task-entry.ts';
import { answerOfNode } from './answer-of-node.ts';
import { countObjects, measure, type NetworksHealth, unmeasured } from './figures.ts';
import { makePlan, type PlacedTask } from './make-plan.ts';
import { createNamesFolder } from './names-folder.ts';
import { locateNames, removeNetworks } from './remove-networks.ts';
import { findResolver, keepResolver, type ResolverProcess } from './resolver-process.ts';

/** Of this machine: what an agent needs to have part in networks. */
export interface NetworkSettings {
  /** Where other nodes reach this one. */
  readonly underlay: string;
  /** The namespace that is this node's machine: a path. Where this process is, unless given. */
  readonly host?: string | undefined;
  /** Of this node alone: its names, its resolver's log, the socket of what holds its ports. */
  readonly dir: string;
  /** muster itself, as this machine runs it. */
  readonly program: readonly string[];
  readonly endpoints: EndpointStore;
  /** Told how long after the log had it the node's kernel goes by a change. */
  readonly onApplied?: (delayMs: number) => void;
}

export interface NetworksOptions {
  readonly nodeId: string;
  readonly settings: NetworkSettings;
  readonly sandboxes: Sandboxes;
  readonly entries: ReadonlyMap<string, TaskEntry>;
  readonly bus: Pick<Bus, 'publish'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Other published ports than before are another program's on this machine. */
  readonly onTakenPorts: () => void;
}

export interface Networks {
  /** "8080/tcp" */
  readonly takenPorts: readonly string[];
  /** The engine has been listed and all commands have been read: what is here and not wanted is not wanted. */
  begin(clusterId: string): void;
  /** Something about a task has changed. */
  look(): void;
  /** Resolves when the task's namespace has all that belongs in it; at once for one without. Rejects after a while. */
  attach(taskId: string, signal: AbortSignal): Promise<void>;
  /** For somebody who wonders where packets stop. */
  answer(request: NetworkRequest): Promise<NetworkAnswer>;
  health(): Omit<NetworksHealth, 'lacks'>;
  /** Nothing of the node's networks is left on this machine. */
  remove(): Promise<void>;
}

/** The routers' address towards tasks, where names are answered. */
const RESOLVER_ADDRESS = '169.254.1.1';
const ATTACH_LIMIT_MS = 30_000;
/** What others have broken is mended within this time, but inside of tasks, of which each look sees some (ADR 36). */
const GLANCE_EVERY_MS = 15_000;
const RETRY = { firstMs: 500, mostMs: 15_000 };
/** Whoever has a published port may have ended. */
const TAKEN_AGAIN_MS = 5_000;

interface Waiter {
  readonly taskId: string;
  done(error?: Error): void;
}

export function createNetworks(options: NetworksOptions): Networks {
  const { nodeId, settings, sandboxes, entries, bus, clock, logger, signal } = options;
  let takenPorts: readonly string[] = [];
  const folders = { dir: settings.dir, namesDir: locateNames(settings.dir) };
  const names = createNamesFolder(folders.namesDir);
  /** By task. */
  const known = new Map<string, Sandbox>();
  /** Tasks whose sandbox is being closed. */
  const closing = new Set<string>();
  const waiters = new Set<Waiter>();
  let clusterId: string | undefined;
  let router: Router | undefined;
  let resolver: ResolverProcess | undefined;
  let listening: EndpointsListening | undefined;
  let said: EndpointsChange | undefined;
  let lastFailure = 'the cluster has not said what this node is on its networks';
  let failures = 0;
  let retrying: Timer | undefined;
  let isDirty = false;
  let isGlance = false;
  let followed = 0;
  let oldestAt: number | undefined;
  let measured = unmeasured;
  let objects: Readonly<Record<string, number>> = {};
  let glancing: Timer | undefined;
  let working: Promise<void> | undefined;
  let isRemoved = false;

  function look(): void {
    if (clusterId === undefined || isRemoved || signal.aborted) return;
    isDirty = true;
    working ??= work().finally(() => {
      working = undefined;
    });
  }

  async function work(): Promise<void> {
    while (isDirty && !isRemoved && !signal.aborted) {
      const verb = isGlance ? 'glance' : 'apply';
      isDirty = false;
      isGlance = false;
      retrying?.cancel();
      try {
        await makeSo(verb);
        failures = 0;
      } catch (error) {
        failures += 1;
        lastFailure = describeError(error);
        logger.warn({ err: lastFailure, failures }, 'the networks of the node are not as they should be');
        retrying = clock.schedule(backOff(RETRY, failures), look);
      }
    }
  }

  function glance(): void {
    isGlance = true;
    look();
    glancing = clock.schedule(GLANCE_EVERY_MS, glance);
  }

  async function makeSo(verb: 'apply' | 'glance'): Promise<void> {
    // Until all of it has been read, what is not in it says nothing: what is there stays.
    if (said === undefined) return;
    const { seq, tables } = said;
    const since = oldestAt;
    oldestAt = undefined;
    const placed = listPlaced();
    const plan = makePlan({ id: nodeId, underlay: settings.underlay }, placed, tables);
    let problems: readonly string[] = [];
    let isFollowed = true;
    if (plan !== undefined) {
      router ??= new Router({
        clusterId: clusterId!,
        nodeId,
        runDir: settings.dir,
        ...(settings.host !== undefined && { host: settings.host }),
        holderCommand: [...settings.program, 'hold-ports'],
      });
      await names.write(placed, tables);
      const report = await router[verb](plan);
      problems = report.failures.map(({ reason }) => reason);
      isFollowed = report.failures.every(({ taskId }) => taskId !== undefined);
      noteTaken(report.refusedPorts);
      keepNames(router.netnsPath);
      const failed = new Set(report.failures.map(({ taskId }) => taskId));
      objects = countObjects(plan, router.rules);
      settle(new Set(placed.map(({ taskId }) => taskId).filter((taskId) => !failed.has(taskId))));
    }
    // What one task has not got stands in the way of no other's endpoints.
    if (isFollowed) {
      followed = seq;
      if (plan !== undefined && since !== undefined) settings.onApplied?.(Math.max(0, clock.now() - since));
      listening?.noteFollowed(seq);
    }
    closeUnwanted();
    if (problems.length > 0) throw new Error(problems.join('; '));
    if (router !== undefined && (verb === 'glance' || measured === unmeasured))
      measured = await measure(router, folders);
  }

  function noteTaken(refused: Report['refusedPorts']): void {
    const taken = refused.map(({ protocol, port }) => `${port}/${protocol}`).sort();
    if (taken.length > 0) retrying = clock.schedule(TAKEN_AGAIN_MS, look);
    if (isDeepStrictEqual(taken, takenPorts)) return;
    takenPorts = taken;
    logger.warn({ taken }, 'of published ports these are another program’s on this machine');
    options.onTakenPorts();
  }

  function listPlaced(): PlacedTask[] {
    return [...known.values()].flatMap(({ netns, ...sandbox }) =>
      netns !== undefined && isWanted(sandbox.taskId) ? [{ ...sandbox, netns }] : [],
    );
  }

  /** What has ended gives its addresses back: the cluster may give them to the next. */
  function isWanted(taskId: string): boolean {
    const entry = entries.get(taskId);
    return entry !== undefined && !hasEnded(entry.reached);
  }

  /** Aside: an engine takes its time, and endpoints that leave are waited for. */
  function closeUnwanted(): void {
    for (const taskId of known.keys()) {
      if (isWanted(taskId) || closing.has(taskId)) continue;
      closing.add(taskId);
      sandboxes
        .close(taskId)
        .then(() => known.delete(taskId))
        .catch((error) => {
          logger.warn(
            { task: taskId, err: describeError(error) },
            'what kept a task’s network is still there',
          );
          clock.schedule(RETRY.mostMs, look);
        })
        .finally(() => closing.delete(taskId));
    }
  }

  function settle(attached: ReadonlySet<string>): void {
    for (const waiter of waiters) if (attached.has(waiter.taskId)) waiter.done();
  }

  /** Nobody would stop what is begun after the end. */
  function keepNames(netns: string): void {
    if (isRemoved || signal.aborted) return;
    resolver ??= keepResolver({
      ...folders,
      netns,
      listen: RESOLVER_ADDRESS,
      program: settings.program,
      clock,
      logger,
    });
  }

  async function readSandboxes(): Promise<void> {
    for (const sandbox of await sandboxes.list())
      if (!known.has(sandbox.taskId)) known.set(sandbox.taskId, sandbox);
  }

  signal.addEventListener('abort', () => {
    resolver
      ?.stop()
      .catch((error) => logger.debug({ err: describeError(error) }, 'the resolver was not let go well'));
    retrying?.cancel();
    glancing?.cancel();
    for (const waiter of waiters) waiter.done(new StoppedError());
  });

  return {
    get takenPorts() {
      return takenPorts;
    },
    begin(id) {
      if (clusterId !== undefined) return look();
      clusterId = id;
      glancing = clock.schedule(GLANCE_EVERY_MS, glance);
      // Before that, what is there would be taken off its networks.
      retry(readSandboxes, {
        ...RETRY,
        clock,
        signal,
        onFailure: (error) =>
          logger.warn({ err: describeError(error) }, 'the engine’s tasks on networks could not be listed'),
      })
        .then(() => {
          listening = listenToEndpoints({
            store: settings.endpoints,
            bus,
            nodeId,
            clock,
            logger,
            signal,
            onChange(change) {
              said = change;
              oldestAt ??= change.oldestAt;
              look();
            },
          });
        })
        .catch((error) => {
          if (!(error instanceof StoppedError)) throw error;
        });
    },
    look,
    async attach(taskId, cancelled) {
      const sandbox = await sandboxes.hold(taskId, { signal: cancelled });
      // One that has ended already has its start say why.
      if (sandbox?.netns === undefined) return;
      known.set(taskId, sandbox);
      await new Promise<void>((resolve, reject) => {
        const done = (error?: Error) => {
          waiters.delete(waiter);
          limit.cancel();
          cancelled.removeEventListener('abort', cancel);
          if (error) reject(error);
          else resolve();
        };
        const cancel = () => done(cancelled.reason);
        const waiter: Waiter = { taskId, done };
        const limit = clock.schedule(ATTACH_LIMIT_MS, () =>
          done(new Error(`it could not be put on its networks: ${lastFailure}`)),
        );
        waiters.add(waiter);
        cancelled.addEventListener('abort', cancel);
        if (signal.aborted) done(new StoppedError());
        else look();
      });
    },
    async answer(request) {
      const resolverPid = await findResolver(folders);
      const trouble = failures > 0 || router === undefined ? lastFailure : undefined;
      const progress = { follows: followed, heard: said?.seq ?? 0, resolver: resolverPid !== undefined };
      return await answerOfNode(router, request, { ...progress, ...(trouble !== undefined && { trouble }) });
    },
    health: () => ({ ...measured, objects, trouble: failures > 0 ? lastFailure : undefined }),
    async remove() {
      isRemoved = true;
      glancing?.cancel();
      await working;
      await resolver?.stop();
      for (const { taskId } of await sandboxes.list()) await sandboxes.close(taskId);
      await removeNetworks({ nodeId, clusterId, dir: settings.dir, host: settings.host });
    },
  };
}
