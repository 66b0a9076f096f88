// Kills a container and waits for the next that starts. In seconds between the two, by the engine's clock.
import type { Engine } from './engine.ts';

export async function killAndAwaitNext(engine: Engine): Promise<number> {
  const [victim] = engine.running;
  let diedAt: number | undefined;
  const replaced = engine.until((event) => {
    if (event?.action === 'die' && event.id === victim) diedAt = event.at;
    return diedAt !== undefined && event?.action === 'start' && event.at - diedAt;
  });
  await engine.docker.getContainer(victim!).kill();
  return replaced;
}
