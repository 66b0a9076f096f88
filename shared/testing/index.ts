export * from './given.ts';
export * from './virtual-clock.ts';
