// A state as it comes back from a snapshot.
import {
  type ClusterState,
  captureState,
  type FoldedState,
  readSnapshot,
  writeSnapshot,
} from '@muster/state';

export function copyThroughSnapshot(state: ClusterState): FoldedState {
  const capture = captureState(state);
  const reader = readSnapshot();
  for (const chunk of writeSnapshot(capture)) reader.take(chunk);
  capture.release();
  const steps = reader.finish();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
