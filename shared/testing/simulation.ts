export * from './simulation/chance.ts';
export * from './simulation/chaos.ts';
export * from './simulation/checkers.ts';
export * from './simulation/network.ts';
export * from './simulation/scenario.ts';
export * from './simulation/simulated-cluster.ts';
export * from './simulation/simulated-process.ts';
