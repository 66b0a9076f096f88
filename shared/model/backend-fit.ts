// Which backends a task is for. Real work never goes where it would only be simulated, and a cluster of nothing but
// simulated nodes is a rehearsal, in which they run everything.

const SIMULATOR = 'simulator';
const PROCESS = 'process';

/** The image of a task that is a plain process; none means the same. */
const PROCESS_IMAGES: readonly string[] = ['', PROCESS];

/**
 * Of the backends that a cluster's nodes have, those that a task of this image may run on: those that are for it; where
 * there is none, any real one, which then says by name what it can't do.
 */
export function fitBackends(image: string, backends: ReadonlySet<string>): ReadonlySet<string> {
  const real = [...backends].filter((backend) => backend !== SIMULATOR);
  if (real.length === 0) return backends;
  const isForProcesses = PROCESS_IMAGES.includes(image);
  const own = real.filter((backend) => (backend === PROCESS) === isForProcesses);
  return new Set(own.length > 0 ? own : real);
}
