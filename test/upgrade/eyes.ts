// What a test looks with: bundled with the next build, it sees what that one sees.
export { composeEvent, decode, WIRE_VERSION } from '@muster/events';
export { createChanges, createState, foldRecord, hashState } from '@muster/state';
export { areReady, hasConverged, isGone, runningTasks } from '../harness/sightings.ts';
export { watchLog } from '../harness/watch.ts';
