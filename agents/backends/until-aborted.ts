// Waiting for something until nobody wants it any more.

/**
 * What the promise brings, or the signal's reason: as soon as that is given, or after `graceMs` for what is likely to end
 * by itself meanwhile. What comes of the promise later is nobody's business here.
 */
export async function untilAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  graceMs = 0,
): Promise<T> {
  if (signal === undefined) return promise;
  promise.catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  let listener: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    const end = () => reject(signal.reason);
    listener = () => {
      if (graceMs === 0) end();
      else timer = setTimeout(end, graceMs);
    };
    if (signal.aborted) listener();
    else signal.addEventListener('abort', listener);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', listener!);
  }
}
