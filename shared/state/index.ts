export * from './changes.ts';
export * from './evolve.ts';
export * from './hash.ts';
export * from './outdated.ts';
export * from './snapshot.ts';
export * from './state.ts';
export * from './task-transitions.ts';
