export * from './agent.ts';
export * from './agent-options.ts';
export { createFileStorage } from './file-storage.ts';
export { type Hold, holdDirectory } from './hold-directory.ts';
export * from './identity.ts';
export { DisplacedError } from './own-events.ts';
export * from './simulated-nodes.ts';
export * from './storage.ts';
export * from './stream-client.ts';
