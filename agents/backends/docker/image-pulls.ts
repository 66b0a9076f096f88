// Getting an image that the engine doesn't have. Tasks that miss the same image at the same time wait for one pull, which
// ends when none of them does any more.
import { untilAborted } from '../until-aborted.ts';
import type { Engine } from './engine.ts';
import { readJsonLines } from './json-lines.ts';

interface PullProgress {
  readonly error?: string;
  readonly errorDetail?: { readonly message?: string };
}

interface Pull {
  readonly done: Promise<void>;
  readonly cancel: AbortController;
  waiting: number;
}

export class ImagePulls {
  readonly #engine: Engine;
  readonly #underWay = new Map<string, Pull>();
  /** Pulls that ended well. */
  count = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Throws the engine's or the registry's reason when the image can't be had. Goes on as long as anybody waits for it. */
  async pull(image: string, signal?: AbortSignal): Promise<void> {
    const { repository, reference } = splitImage(image);
    const name = `${repository}:${reference}`;
    const pull = this.#underWay.get(name) ?? this.#begin(name, { repository, reference });
    pull.waiting += 1;
    try {
      await untilAborted(pull.done, signal);
    } finally {
      pull.waiting -= 1;
      if (pull.waiting === 0) {
        this.#drop(name, pull);
        pull.cancel.abort();
      }
    }
  }

  #begin(name: string, image: ImageReference): Pull {
    const cancel = new AbortController();
    const pull = { done: pullImage(this.#engine, image, cancel.signal), cancel, waiting: 0 };
    this.#underWay.set(name, pull);
    const drop = () => this.#drop(name, pull);
    pull.done.then(() => {
      if (!cancel.signal.aborted) this.count += 1;
      drop();
    }, drop);
    return pull;
  }

  #drop(name: string, pull: Pull): void {
    if (this.#underWay.get(name) === pull) this.#underWay.delete(name);
  }
}

async function pullImage(
  engine: Engine,
  { repository, reference }: ImageReference,
  signal: AbortSignal,
): Promise<void> {
  const query = new URLSearchParams({ fromImage: repository, tag: reference });
  const stream = await engine.open({ method: 'POST', path: `/images/create?${query}`, signal });
  const end = () => stream.destroy();
  signal.addEventListener('abort', end);
  let failure: string | undefined;
  try {
    // The status was sent before the pull began: how it ended is told in the stream.
    for await (const progress of readJsonLines<PullProgress>(stream)) {
      failure = progress.errorDetail?.message ?? progress.error ?? failure;
    }
  } catch (error) {
    throw engine.translate(error);
  } finally {
    signal.removeEventListener('abort', end);
  }
  if (failure !== undefined) throw new Error(failure);
}

interface ImageReference {
  readonly repository: string;
  readonly reference: string;
}

/** A digest names the image alone. No tag is "latest": to the engine's API it would mean every tag there is. */
export function splitImage(image: string): ImageReference {
  const at = image.indexOf('@');
  const named = at < 0 ? image : image.slice(0, at);
  const colon = named.lastIndexOf(':');
  const tagged = colon > named.lastIndexOf('/');
  const repository = tagged ? named.slice(0, colon) : named;
  if (at >= 0) return { repository, reference: image.slice(at + 1) };
  return { repository, reference: tagged ? named.slice(colon + 1) : 'latest' };
}
