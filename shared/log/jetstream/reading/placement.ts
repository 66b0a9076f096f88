// Whether a consumer may stay on the server that it was put on. One that is behind would keep us behind: the next consumer may be
// put on another. Somewhere it must be.
import type { StreamInfo } from '@nats-io/jetstream';

/** More records behind than a server that keeps up is for a moment. */
const MOST_LAG = 500;
const MOST_TRIES = 6;

export class Placement {
  /** Consumers in a row that were put on a server that is behind. */
  private misplaced = 0;

  /** What the stream's leader says of it, and the server, where there are several. */
  accepts({ cluster }: Pick<StreamInfo, 'cluster'>, where: string | undefined): boolean {
    const isBehind = cluster?.replicas?.some(
      ({ name, offline, lag = 0 }) => name === where && (offline || lag > MOST_LAG),
    );
    this.misplaced = isBehind ? this.misplaced + 1 : 0;
    return this.misplaced === 0 || this.misplaced >= MOST_TRIES;
  }
}
