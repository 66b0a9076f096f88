// Makes a task's container, once: the image is looked for locally first, a container that the task has already
// is taken over, and what can never work is a RejectedError in the engine's words.
import type Docker from 'dockerode';
import {
  BackendUnavailableError,
  type PrepareOptions,
  RejectedError,
  type RunState,
  type TaskOrder,
} from '../backend.ts';
import { untilAborted } from '../until-aborted.ts';
import { configureContainer } from './container-config.ts';
import type { Engine } from './engine.ts';
import { statusOf, wordsOf } from './engine-error.ts';
import { readTask } from './gate/held.ts';
import type { ImagePulls } from './image-pulls.ts';
import { findTaskId, type Owner } from './labels.ts';
import { CANCEL_GRACE_MS, type DockerSandboxes } from './sandboxes.ts';

export interface Creation {
  readonly state: RunState;
  /** False when an earlier call had made it. */
  readonly isNew: boolean;
}

/** Client errors that say "later" and not "never". */
const PASSING = new Set([408, 425, 429]);
export async function createContainer(
  engine: Engine,
  pulls: ImagePulls,
  sandboxes: DockerSandboxes,
  owner: Owner,
  order: TaskOrder,
  { signal, aside = (waiting) => waiting() }: PrepareOptions = {},
): Promise<Creation> {
  const { image } = order.spec.containerSpec;
  if (image === '') throw new RejectedError('image: the docker backend needs one');
  const create = () => createOnce(engine, sandboxes, owner, order, signal);
  try {
    return await create();
  } catch (error) {
    signal?.throwIfAborted();
    // Creating finds out whether the image is there: a look at it first would cost every start a call.
    if (!isImageMissing(error)) return settle(engine, owner, order, error);
  }
  await aside(() => pull(pulls, image, signal));
  signal?.throwIfAborted();
  try {
    return await create();
  } catch (error) {
    signal?.throwIfAborted();
    return settle(engine, owner, order, error);
  }
}

async function createOnce(
  engine: Engine,
  sandboxes: DockerSandboxes,
  owner: Owner,
  order: TaskOrder,
  signal: AbortSignal | undefined,
): Promise<Creation> {
  const furniture = order.networks?.length ? await sandboxes.furnish(order) : undefined;
  signal?.throwIfAborted();
  // Without the split, docker-modem writes the whole configuration into the URL as well.
  const request = {
    _query: { name: order.identity.taskName },
    _body: configureContainer(order, owner, furniture),
  };
  const creating = engine.docker.createContainer(request as Docker.ContainerCreateOptions);
  const container = await untilAborted(creating, signal, CANCEL_GRACE_MS).catch((error) => {
    if (signal?.aborted) removeLate(creating).catch(() => undefined);
    throw error;
  });
  const { taskId, clusterId } = order.identity;
  const whose = clusterId === undefined ? {} : { clusterId };
  return { state: { taskId, runId: container.id, ...whose, status: 'created' }, isNew: true };
}

/** The engine was not waited for: whoever looked for the container since has found none. */
async function removeLate(creating: Promise<Docker.Container>): Promise<void> {
  const container = await creating.catch(() => undefined);
  await container?.remove({ force: true, v: true }).catch(() => undefined);
}

function isImageMissing(error: unknown): boolean {
  return statusOf(error) === 404 && /no such image/i.test(wordsOf(error));
}

async function pull(pulls: ImagePulls, image: string, signal: AbortSignal | undefined): Promise<void> {
  try {
    await pulls.pull(image, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof BackendUnavailableError) throw error;
    throw new RejectedError(`No such image: ${image} (pull failed: ${wordsOf(error)})`);
  }
}

/** What to make of an engine that would not create. */
async function settle(engine: Engine, owner: Owner, order: TaskOrder, error: unknown): Promise<Creation> {
  const status = statusOf(error);
  if (status === 409) return adopt(engine, owner, order, wordsOf(error));
  if (status !== undefined && status >= 400 && status < 500 && !PASSING.has(status)) {
    throw new RejectedError(wordsOf(error));
  }
  throw engine.translate(error);
}

/** The name is taken: by this very task, before a crash say, or by somebody else's container, which stays as it is. */
async function adopt(engine: Engine, owner: Owner, order: TaskOrder, conflict: string): Promise<Creation> {
  const { taskId, taskName } = order.identity;
  // A name can be taken by a container that is still being made, or removed: then this throws "no such container",
  // and the caller's next attempt finds out.
  const inspection = await engine.inspect(taskName);
  if (findTaskId(inspection.Config.Labels, owner) !== taskId) throw new RejectedError(conflict);
  return { state: readTask(taskId, inspection), isNew: false };
}
