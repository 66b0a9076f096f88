// What is asked of a log whose leader is being elected.

/** An election takes as long as it takes, and whoever asks in the middle asks again: to apply twice is to apply once. */
export async function untilStored(ask: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await ask();
      return;
    } catch (error) {
      if (attempt === 4 || (error as Error).name !== 'LogUnavailableError') throw error;
    }
  }
}
