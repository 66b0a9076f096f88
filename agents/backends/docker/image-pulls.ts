// Getting an image that the engine doesn't have. Tasks that miss the same image at the same time wait for one pull.
import type { Engine } from './engine.ts';
import { readJsonLines } from './json-lines.ts';

interface PullProgress {
  readonly error?: string;
  readonly errorDetail?: { readonly message?: string };
}

export class ImagePulls {
  readonly #engine: Engine;
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Throws the engine's or the registry's reason when the image can't be had. */
  pull(image: string): Promise<void> {
    let pull = this.#underWay.get(image);
    if (pull === undefined) {
      pull = pullImage(this.#engine, image).finally(() => this.#underWay.delete(image));
      this.#underWay.set(image, pull);
    }
    return pull;
  }
}

async function pullImage(engine: Engine, image: string): Promise<void> {
  const { repository, reference } = splitImage(image);
  const query = new URLSearchParams({ fromImage: repository, tag: reference });
  const stream = await engine.open({ method: 'POST', path: `/images/create?${query}` });
  let failure: string | undefined;
  try {
    // The status was sent before the pull began: how it ended is told in the stream.
    for await (const progress of readJsonLines<PullProgress>(stream)) {
      failure = progress.errorDetail?.message ?? progress.error ?? failure;
    }
  } catch (error) {
    throw engine.translate(error);
  }
  if (failure !== undefined) throw new Error(failure);
}

/** A digest names the image alone. No tag is "latest": to the engine's API it would mean every tag there is. */
export function splitImage(image: string): { repository: string; reference: string } {
  const at = image.indexOf('@');
  const named = at < 0 ? image : image.slice(0, at);
  const colon = named.lastIndexOf(':');
  const tagged = colon > named.lastIndexOf('/');
  const repository = tagged ? named.slice(0, colon) : named;
  if (at >= 0) return { repository, reference: image.slice(at + 1) };
  return { repository, reference: tagged ? named.slice(colon + 1) : 'latest' };
}
