export * from './deploy.ts';
export * from './given.ts';
export * from './indices.ts';
export * from './networks.ts';
export * from './settle.ts';
export * from './through-snapshot.ts';
export * from './virtual-clock.ts';
