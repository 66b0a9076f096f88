export * from './agent.ts';
export * from './agent-options.ts';
export { createFileStorage } from './disk/file-storage.ts';
export { type Hold, holdDirectory } from './disk/hold-directory.ts';
export * from './disk/identity.ts';
export * from './disk/storage.ts';
export { DisplacedError } from './reports/own-events.ts';
export * from './simulated/simulated-nodes.ts';
export * from './streams/stream-client.ts';
