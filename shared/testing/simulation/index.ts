export * from './chance.ts';
export * from './chaos.ts';
export * from './checkers.ts';
export * from './network.ts';
export * from './scenario.ts';
export * from './simulated-cluster.ts';
export * from './simulated-process.ts';
