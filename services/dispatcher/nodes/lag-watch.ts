// Whether our fold is behind what another dispatcher has commanded: what we would write then follows from a state that its
// commands have left behind. It lasts for moments; longer, and something is wrong.
import type { Clock, Logger, Timer } from '@muster/runtime';
import { basisOf, type ClusterState } from '@muster/state';
import type { CommandView } from '../commands/command-view.ts';

export interface LagWatch {
  isBehind(): boolean;
  stop(): void;
}

const WARN_AFTER_MS = 5_000;

export function watchLag(
  state: ClusterState,
  view: CommandView,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): LagWatch {
  let lagging: Timer | undefined;

  function warn(): void {
    const { head } = state;
    logger.warn(
      { head, newestBasis: view.newestBasis },
      'the commands are ahead of the log: not writing any',
    );
  }

  return {
    isBehind() {
      const behind = view.newestBasis > basisOf(state, state.head);
      if (!behind) {
        lagging?.cancel();
        lagging = undefined;
      }
      lagging ??= behind ? clock.schedule(WARN_AFTER_MS, warn) : undefined;
      return behind;
    },
    stop: () => lagging?.cancel(),
  };
}
