export * from './bus.ts';
export * from './clock.ts';
export * from './follower.ts';
export * from './logging.ts';
export * from './reducer.ts';
export * from './reducer-loop.ts';
export * from './snapshotting.ts';
