// Which containers have a health check that the engine runs: by what was asked for, or by their image.
import type { Healthcheck } from '@muster/model';
import { RejectedError, type TaskOrder } from '../backend.ts';
import type { Engine } from './engine.ts';

/** Many tasks of one image start at about the same time: it is asked about once. */
const KEEP_MS = 5_000;
/** The engine's API since which it has start intervals; an older one ignores them. */
const START_INTERVAL_SINCE = [1, 44] as const;

const noCheck: Healthcheck = {
  test: ['NONE'],
  interval: 0,
  timeout: 0,
  startPeriod: 0,
  startInterval: 0,
  retries: 0,
};

export class EngineChecks {
  readonly #engine: Engine;
  readonly #tasks = new Set<string>();
  readonly #images = new Map<string, Promise<boolean>>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The order as the engine is to have it: without a check that is left to the agent, because this engine would run it too seldom. */
  async place(order: TaskOrder): Promise<TaskOrder> {
    const { healthcheck } = order.spec.containerSpec;
    if (!healthcheck || healthcheck.startInterval === 0 || isNone(healthcheck)) return order;
    const { ApiVersion } = await this.#engine.version();
    if (isAtLeast(ApiVersion, START_INTERVAL_SINCE)) return order;
    if (!healthcheck.test?.length) {
      const needed = START_INTERVAL_SINCE.join('.');
      throw new RejectedError(
        `health start interval: this engine's API is ${ApiVersion}, and it takes ${needed}; with a health command, the agent sees to it`,
      );
    }
    const containerSpec = { ...order.spec.containerSpec, healthcheck: noCheck };
    return { ...order, spec: { ...order.spec, containerSpec } };
  }

  /** Of a task that has its container, and so its image. */
  async note({ identity, spec }: TaskOrder): Promise<void> {
    const { healthcheck, image } = spec.containerSpec;
    const isChecked = healthcheck?.test?.length ? !isNone(healthcheck) : await this.#isImageChecked(image);
    if (isChecked) this.#tasks.add(identity.taskId);
  }

  has(taskId: string): boolean {
    return this.#tasks.has(taskId);
  }

  forget(taskId: string): void {
    this.#tasks.delete(taskId);
  }

  #isImageChecked(image: string): Promise<boolean> {
    const known = this.#images.get(image);
    if (known) return known;
    const asking = this.#engine
      .look((docker) => docker.getImage(image).inspect())
      .then(({ Config }) =>
        isCheck((Config as { readonly Healthcheck?: { readonly Test?: string[] } }).Healthcheck?.Test),
      )
      // Its container is there; should it have one, the engine will tell.
      .catch(() => false);
    this.#images.set(image, asking);
    setTimeout(() => this.#images.delete(image), KEEP_MS).unref();
    return asking;
  }
}

function isNone({ test = [] }: Healthcheck): boolean {
  return test[0] === 'NONE';
}

function isCheck(test: readonly string[] = []): boolean {
  return test.length > 0 && test[0] !== 'NONE';
}

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
